export type { AdminSources } from './admin.ts';
export { createLog, type LogOptions, type ProgramLog } from './pino-log.ts';
export { createMetrics, type PrometheusMetrics } from './prometheus.ts';
export { type AdminServer, startAdmin } from './server.ts';
