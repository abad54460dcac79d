export type {
  InboundConfig,
  ProxyConfig,
  ProxySettings,
  UpstreamConfig,
  UpstreamTarget,
} from './config.ts';
export { type ConfigOrigin, originFromFlags, type ProxyFlags, type Registration } from './flag-config.ts';
export { type Proxy, type ProxyOptions, startProxy } from './proxy.ts';
export type { Certificates, Readiness } from './readiness.ts';
export type { SummaryLine } from './summary.ts';
