/** Tokens, policies and roles as an agent shows them. */

export interface LinkShown {
  readonly ID: string;
  readonly Name: string;
}

export interface ServiceIdentityShown {
  readonly ServiceName: string;
  readonly Datacenters?: readonly string[];
}

export interface NodeIdentityShown {
  readonly NodeName: string;
  readonly Datacenter: string;
}

export interface GrantsShown {
  readonly Policies?: readonly LinkShown[] | null;
  readonly Roles?: readonly LinkShown[] | null;
  readonly ServiceIdentities?: readonly ServiceIdentityShown[] | null;
  readonly NodeIdentities?: readonly NodeIdentityShown[] | null;
}

export interface MetaShown {
  /** Base64. */
  readonly Hash: string;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

export interface TokenShown extends GrantsShown, MetaShown {
  readonly AccessorID: string;
  /** Not in lists. */
  readonly SecretID?: string;
  readonly Description: string;
  readonly Local: boolean;
  readonly ExpirationTime?: string;
  readonly CreateTime: string;
  /** Of agents that still know tokens of before 1.4, in lists. */
  readonly Legacy?: boolean;
}

export interface PolicyShown extends MetaShown {
  readonly ID: string;
  readonly Name: string;
  readonly Description: string;
  /** Not in lists. */
  readonly Rules?: string;
  readonly Datacenters?: readonly string[] | null;
}

export interface RoleShown extends GrantsShown, MetaShown {
  readonly ID: string;
  readonly Name: string;
  readonly Description: string;
}
