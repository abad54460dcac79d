import type { Intention } from './wire.ts';

/** An intention as Consul spells it, with the names that the room `intentions` has for its parts. */
export interface NamedIntention {
  readonly id: string | undefined;
  readonly source: string;
  readonly sourceNamespace: string | undefined;
  readonly sourceType: string | undefined;
  readonly destination: string;
  readonly action: string | undefined;
  readonly permissions: readonly unknown[] | undefined;
  readonly precedence: number;
  readonly sourcePeer: string | undefined;
  readonly sourcePartition: string | undefined;
  readonly sourceSamenessGroup: string | undefined;
  readonly jwt: unknown;
}

/** The one place that says which members of an answer a decision is made from: proxies and the command line must agree on them. */
export function fieldsOfIntention(intention: Intention): NamedIntention {
  return {
    id: intention.ID,
    source: intention.SourceName,
    sourceNamespace: intention.SourceNS,
    sourceType: intention.SourceType,
    destination: intention.DestinationName,
    action: intention.Action,
    permissions: intention.Permissions,
    precedence: intention.Precedence,
    sourcePeer: intention.SourcePeer,
    sourcePartition: intention.SourcePartition,
    sourceSamenessGroup: intention.SourceSamenessGroup,
    jwt: intention.JWT,
  };
}
