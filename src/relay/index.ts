export type {
  BindAddress,
  Connection,
  Counters,
  DataPlane,
  DataPlaneEvent,
  DialAddress,
  InboundListener,
  Listener,
  OutboundListener,
  RefusalStage,
  Removal,
  Resource,
} from './data-plane.ts';
export { type NodeEngineOptions, startNodeEngine } from './node/engine.ts';
