export { type AgentHooks, startAgent } from './agent.ts';
export type { Agent } from './agent-interface.ts';
export { intentionDefaultOf } from './api-context.ts';
export { checkAgentConfig } from './check-config.ts';
export { type AgentConfig, type AgentLimits, type AgentOptions, type Definitions, parseAgentConfig } from './config.ts';
export { StorageError, type StorageErrorCode } from './persist/storage-error.ts';
