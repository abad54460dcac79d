export { ApiError, type ApiErrorCode } from './api-error.ts';
export {
  type BlockingQuery,
  type Hashed,
  type HashQuery,
  type Indexed,
  type WatchOptions,
  watch,
  watchHash,
} from './blocking-query.ts';
export {
  type ClientOptions,
  type ConsulClient,
  createClient,
  type InDatacenter,
  type RawAnswer,
  type RawCall,
} from './client.ts';
export { type ClientEnvironment, clientOptionsFrom, type Given, type Setting } from './environment.ts';
export { parseExact } from './exact-json.ts';
export type { FetchFunction } from './fetch-transport.ts';
export { fieldsOfIntention } from './intention-fields.ts';
export type { ClientTls } from './transport.ts';
export type {
  AgentSelf,
  AgentService,
  AgentServiceProxy,
  AuthorizeAnswer,
  AuthorizeQuestion,
  CaRoot,
  CaRoots,
  CatalogService,
  ExplainAnswer,
  ExplainStep,
  HealthService,
  Intention,
  Leaf,
  QueryResult,
  ServiceEntry,
  Upstream,
} from './wire.ts';
