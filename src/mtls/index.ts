export { createPeerServer, type PeerRefusalStage, type PeerServer, type PeerServerOptions } from './accept-peer.ts';
export { defaultTls, type MtlsState } from './context.ts';
export { type DialAnyOptions, dialAny } from './dial-any.ts';
export { DialError, type DialOptions, type DialStage, peerOf } from './dial-instance.ts';
export { type Admission, type AdmitOptions, Gatekeeper, type GatekeeperOptions } from './gatekeeper.ts';
export { Loads } from './loads.ts';
export { resetConnection } from './raw-socket.ts';
export type { Authorization, Decision, Identity, Instance, Otherwise, Peer, Roots, TlsSettings } from './state.ts';
