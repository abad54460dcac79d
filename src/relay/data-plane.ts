/**
 * The data plane behind one narrow interface of plain data. The control plane sets whole resources and reads events; the engine owns
 * the sockets and decides about each connection by itself. An engine may live in this process or in one of its own: nothing here is a
 * stream, a callback or an object with identity.
 */

import type { CloseOptions } from '../base/index.ts';
import type { Authorization, Decision, Identity, Instance, Peer, Roots, TlsSettings } from '../mtls/index.ts';

/** Setting a resource replaces the one of the same kind and name whole; setting an equal one does nothing; order doesn't matter. */
export type Resource =
  /** Absent: not ready. Inbound refuses; outbound waits, bounded by its connect timeout. */
  | { readonly kind: 'identity'; readonly identity: Identity | undefined }
  | { readonly kind: 'roots'; readonly roots: Roots | undefined }
  | { readonly kind: 'tls'; readonly tls: TlsSettings }
  | { readonly kind: 'authorization'; readonly authorization: Authorization }
  | { readonly kind: 'listener'; readonly name: string; readonly listener: Listener }
  | { readonly kind: 'endpoints'; readonly upstream: string; readonly instances: readonly Instance[] };

/** What can be taken away again. Removing a listener closes its socket; its live connections drain. */
export type Removal =
  | { readonly kind: 'listener'; readonly name: string }
  | { readonly kind: 'endpoints'; readonly upstream: string };

export type Listener = InboundListener | OutboundListener;

/** Times are milliseconds. */
export interface InboundListener {
  readonly role: 'inbound';
  readonly bind: BindAddress;
  /** The application. */
  readonly localService: DialAddress;
  readonly protocol: 'tcp';
  /** From accept to the end of the TLS handshake. */
  readonly handshakeTimeout: number;
  readonly localConnectTimeout: number;
  readonly maxConnections: number;
}

export interface OutboundListener {
  readonly role: 'outbound';
  readonly bind: BindAddress;
  /** The name that `endpoints` uses. */
  readonly upstream: string;
  readonly protocol: 'tcp';
  /** For all attempts together, waiting for certificates and instances included. */
  readonly connectTimeout: number;
  readonly maxConnections: number;
}

/** Port 0 takes a free one; the `listener bound` event says which. */
export type BindAddress = { readonly host: string; readonly port: number } | { readonly path: string };
export type DialAddress = { readonly host: string; readonly port: number } | { readonly path: string };

export type RefusalStage = 'handshake' | 'identity' | 'authorization' | 'limit' | 'dial';

export type DataPlaneEvent =
  | { readonly kind: 'listener bound'; readonly listener: string; readonly address: BindAddress }
  | { readonly kind: 'listener failed'; readonly listener: string; readonly reason: string; readonly code?: string }
  | { readonly kind: 'connection opened'; readonly connection: Connection }
  | {
      readonly kind: 'connection closed';
      readonly id: number;
      readonly listener: string;
      /** Towards the accepted side, and from it. */
      readonly bytesOut: number;
      readonly bytesIn: number;
      readonly age: number;
      /** `ended` for an orderly end; otherwise why it was cut. */
      readonly reason: string;
    }
  | {
      readonly kind: 'refused';
      readonly listener: string;
      readonly stage: RefusalStage;
      readonly reason: string;
      /** What is known of the peer at that stage: an address, then a SPIFFE ID. */
      readonly peer?: string;
    }
  /** Answered by `answer(id, …)`; unanswered within the engine's own deadline means no. */
  | { readonly kind: 'question'; readonly id: number; readonly peer: Peer }
  /** The queue was full: so many connection events were dropped. Others never are. */
  | { readonly kind: 'events lost'; readonly count: number };

export interface Connection {
  readonly id: number;
  readonly listener: string;
  readonly role: 'inbound' | 'outbound';
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
  /** Inbound: who is connected. Outbound: what was proved by the far end. */
  readonly peer: string;
  /** Outbound only. */
  readonly upstream?: string;
  readonly instance?: string;
  /** Inbound only. */
  readonly decision?: Decision;
}

export interface Counters {
  readonly openConnections: { readonly inbound: number; readonly outbound: number };
  readonly accepted: { readonly inbound: number; readonly outbound: number };
  readonly refused: Readonly<Record<RefusalStage, number>>;
  /** Connections cut because a later authorization forbade them. */
  readonly cut: number;
  readonly bytes: { readonly inbound: number; readonly outbound: number };
}

export interface DataPlane extends AsyncDisposable {
  readonly capabilities: { readonly protocols: readonly string[] };
  set(resource: Resource): void;
  remove(removal: Removal): void;
  /** One reader. Ends when the data plane is closed. */
  events(): AsyncIterable<DataPlaneEvent>;
  /** Undefined: nobody could be asked. That refuses a new peer and leaves a live one alone; a decision that says no cuts it. */
  answer(question: number, decision: Decision | undefined): void;
  counters(): Counters;
  connections(): readonly Connection[];
  /** Takes no new connections, inbound first, and lets live ones finish; when `signal` aborts, what is left is cut. */
  close(options?: CloseOptions): Promise<void>;
}
