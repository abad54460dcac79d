/** Rows of tokens, policies and roles. */

/** What a token or a role grants. */
export interface AclGrants {
  /** Their IDs. One that is gone grants nothing. */
  readonly policies: readonly string[];
  readonly serviceIdentities: readonly { readonly serviceName: string; readonly datacenters?: readonly string[] }[];
  readonly nodeIdentities: readonly { readonly nodeName: string; readonly datacenter: string }[];
}

export interface AclTokenRow extends AclGrants {
  /** How a token is spoken of. */
  readonly accessorId: string;
  /** The token itself. Shown to its holder and to who may write ACLs, and to nobody else. */
  readonly secretId: string;
  readonly description: string;
  /** Their IDs. */
  readonly roles: readonly string[];
  readonly local: boolean;
  /** RFC 3339 with nanoseconds. */
  readonly createTime: string;
  /** RFC 3339. From then on the token is as good as deleted. */
  readonly expirationTime?: string;
}

export interface AclPolicyRow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** In HCL or JSON, as it was written. */
  readonly rules: string;
  /** Where it holds; absent for everywhere. */
  readonly datacenters?: readonly string[];
}

export interface AclRoleRow extends AclGrants {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}
