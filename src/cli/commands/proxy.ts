import { startAdmin } from '../../admin/index.ts';
import { type ClientOptions, createClient } from '../../api/index.ts';
import { InputError, type LogLevel } from '../../base/index.ts';
import {
  type ConfigOrigin,
  originFromFlags,
  type ProxyFlags,
  type ProxySettings,
  startProxy,
} from '../../proxy/index.ts';
import { adminSourcesOf } from '../admin-sources.ts';
import { clientFlags } from '../client-flags.ts';
import { clientOptions } from '../client-options.ts';
import { type Command, type Context, defineCommand, type Environment } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import { duration, integer, list, text, toggle, type Values } from '../flags.ts';
import { parseLogLevel } from '../log-level.ts';
import { createProgramRuntime, type ProgramRuntime } from '../program-runtime.ts';
import { aborted } from '../signals.ts';
import { formatSummary } from '../summary-lines.ts';

/** Milliseconds. */
const usualDrainTime = 30_000;

const flags = {
  ...clientFlags,
  'admin-addr': text(
    'Where to answer /ready, /metrics, /connections and the like; host:port. Default: nowhere.',
    'address',
  ),
  authorize: text(
    'local: decide from intentions that are watched; agent: ask for each connection. Default: local.',
    'local or agent',
  ),
  'drain-timeout': duration('How long open connections may take to end after the first signal. Default: 30s.'),
  listen: text(
    'Where to take connections for the service from other sidecars; needs -service and -service-addr.',
    'address',
  ),
  'log-json': toggle('Log as JSON lines; the default where the output is no terminal.'),
  'log-level': text('trace, debug, info, warn or err. Default: info.', 'level'),
  'max-connections': integer('Open connections of each listener, at most. Default: 10000.'),
  'pprof-addr': text('Accepted from a line written for Consul; see -admin-addr instead.', 'address'),
  'proxy-id': text('The ID of the proxy, which is registered with the agent. CONNECT_PROXY_ID, CONSUL_PROXY_ID.', 'id'),
  register: toggle('Register the proxy with the agent as long as it runs; needs -service and -listen.'),
  'register-id': text('What to add to the ID with -register.', 'suffix'),
  service: text('The service to represent, where the proxy is not registered.', 'name'),
  'service-addr': text('The application, host:port.', 'address'),
  'sidecar-for': text('The ID of a service: be its only registered sidecar. CONNECT_SIDECAR_FOR.', 'id'),
  upstream: list('A service and the local port where it is to be had; may be given several times.', 'name:[host:]port'),
};

export const proxy: Command = defineCommand({
  usage: 'proxy [options]',
  about: `Runs a sidecar proxy until it is told to stop. Plain connections of the application go out as mutual TLS, and what comes in
is let through when its certificate is good and an intention allows it.

    fairlead proxy -sidecar-for web
    fairlead proxy -service web -upstream db:8181
    fairlead proxy -service web -service-addr 127.0.0.1:8080 -listen :8443`,
  flags,
  run: async (values, args, context) => {
    if (args.length > 0) throw new CommandFailure('==> Should have no non-flag arguments.');
    context.print('==> Fairlead proxy starting...');
    const plan = inPreparation(() => planFrom(values, context.env));
    const runtime = createProgramRuntime({
      level: plan.level,
      json: values['log-json'],
      hasColours: context.hasColours,
    });
    if (values['pprof-addr']) runtime.log.warn('flag without effect: use -admin-addr', { flag: '-pprof-addr' });
    const options = inPreparation(() => clientOptions(values, context.env, runtime, plan.fallbackToken));
    const ended = await runProxy(plan, options, values['drain-timeout'] ?? usualDrainTime, runtime, context);
    runtime.log.flush();
    if (ended) throw new CommandFailure(`==> Failed running proxy: ${ended.message}`);
    context.print('==> Fairlead proxy shutdown');
    return 0;
  },
});

/** Resolves when the proxy has ended, with the reason where it was not the user. Throws what keeps it from starting. */
async function runProxy(
  { origin, settings, admin }: ProxyPlan,
  options: ClientOptions,
  drainTime: number,
  runtime: ProgramRuntime,
  context: Context,
): Promise<Error | undefined> {
  const stop = context.stop();
  await using client = createClient(options);
  await using running = await startProxy({ origin, client, settings }, runtime);
  // Answers while the proxy drains, so that whoever looks sees it go.
  await using _admin = admin && (await startAdmin(adminSourcesOf(running, runtime), admin, runtime));
  running.summary
    .until((lines) => lines !== undefined, stop)
    .then(
      (lines) => context.print(`${formatSummary(lines ?? [])}\n`),
      () => undefined, // stopped before there was one
    );
  const ended = await Promise.race([running.closed, aborted(stop)]);
  await running.close({ signal: AbortSignal.timeout(drainTime) });
  return ended;
}

interface ProxyPlan {
  readonly origin: ConfigOrigin;
  readonly settings: Partial<ProxySettings>;
  readonly level: LogLevel;
  readonly admin?: { readonly host: string; readonly port: number };
  readonly fallbackToken?: string;
}

/** Throws InputError. */
function planFrom(values: Values<typeof flags>, env: Environment): ProxyPlan {
  const admin = values['admin-addr'] ? parseAdminAddress(values['admin-addr']) : undefined;
  const fallbackToken = env.CONNECT_PROXY_TOKEN || env.CONSUL_PROXY_TOKEN;
  const authorization = parseAuthorization(values.authorize ?? 'local');
  const maxConnections = values['max-connections'];
  if (maxConnections !== undefined && maxConnections < 1)
    throw new InputError('-max-connections', 'expected at least 1');
  return {
    origin: originFromFlags(proxyFlags(values, env)),
    settings: { authorization, ...(maxConnections !== undefined && { maxConnections }) },
    level: parseLogLevel(values['log-level'] ?? 'info'),
    ...(admin && { admin }),
    ...(fallbackToken && { fallbackToken }),
  };
}

/** What the environment says counts where the line does not say which proxy this is. */
function proxyFlags(values: Values<typeof flags>, env: Environment): ProxyFlags {
  const isNamed = values['proxy-id'] || values['sidecar-for'] || values.service;
  const proxyId = isNamed ? values['proxy-id'] : env.CONNECT_PROXY_ID || env.CONSUL_PROXY_ID;
  const sidecarFor = isNamed ? values['sidecar-for'] : env.CONNECT_SIDECAR_FOR;
  return {
    upstreams: values.upstream,
    ...(proxyId && { proxyId }),
    ...(sidecarFor && { sidecarFor }),
    ...(values.service && { service: values.service }),
    ...(values['service-addr'] && { serviceAddr: values['service-addr'] }),
    ...(values.listen && { listen: values.listen }),
    ...(values.register && { register: true }),
    ...(values['register-id'] && { registerId: values['register-id'] }),
  };
}

function parseAuthorization(text: string): ProxySettings['authorization'] {
  if (text === 'local' || text === 'agent') return text;
  throw new InputError('-authorize', `expected local or agent, found ${JSON.stringify(text)}`);
}

function parseAdminAddress(text: string): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new InputError('-admin-addr', `expected host:port, found ${JSON.stringify(text)}`);
  }
  return { host: bracketed || plain || '127.0.0.1', port: Number(port) };
}

/** What can't be used of the line is told as Consul's proxy tells it. */
function inPreparation<T>(prepare: () => T): T {
  try {
    return prepare();
  } catch (error) {
    throw error instanceof InputError
      ? new CommandFailure(`==> Error preparing configuration: ${error.message}`)
      : error;
  }
}
