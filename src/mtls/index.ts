export type { Authorization, Decision, Identity, Instance, Otherwise, Peer, Roots, TlsSettings } from './state.ts';
