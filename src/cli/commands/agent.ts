import { rmSync, writeFileSync } from 'node:fs';
import { type AgentConfig, type AgentOptions, parseAgentConfig, StorageError, startAgent } from '../../agent/index.ts';
import { InputError, type LogLevel, messageOf } from '../../base/index.ts';
import { type AgentFlags, agentFlags, givenIgnoredFlags, ignoredFlags } from '../agent-flags.ts';
import { agentOptions, formatHttpAddress, inConsulsWords } from '../agent-options.ts';
import { type AgentSettings, settingsFromFiles, withFlags } from '../agent-settings.ts';
import { type Command, type Context, defineCommand } from '../command.ts';
import { readConfigPath } from '../config-files.ts';
import { CommandFailure } from '../failure.ts';
import type { Values } from '../flags.ts';
import { parseLogLevel } from '../log-level.ts';
import { createProgramRuntime, type ProgramRuntime } from '../program-runtime.ts';
import { readProgramVersion } from '../program-version.ts';
import { refuseArguments } from '../refuse-arguments.ts';
import { aborted } from '../signals.ts';
import { formatSummary } from '../summary-lines.ts';

/** Milliseconds; whoever sent the signal waits no longer than ten seconds. */
const drainTime = 5_000;

export const agent: Command = defineCommand({
  usage: 'agent [options]',
  about: `Runs an agent until it is told to stop: a registry of services with health checks, a certificate authority and intentions,
behind the HTTP API of Consul. It wants a folder for its state with -data-dir, or -dev to keep it in memory.

    fairlead agent -dev
    fairlead agent -data-dir=/var/lib/fairlead -default-intention-policy=deny`,
  flags: { ...agentFlags, ...ignoredFlags },
  run: async (values, args, context) => {
    refuseArguments(args);
    const plan = readPlan(values);
    context.print('==> Starting Fairlead agent...');
    context.print(`${formatSummary(summaryOf(plan.config))}\n`);
    context.print('==> Log data will now stream in as it occurs:\n');
    const { level, settings } = plan;
    const runtime = createProgramRuntime({ level, json: settings.logJson, hasColours: context.hasColours });
    if (settings.ignored.length > 0) {
      runtime.log.warn('settings without effect on one machine ignored', { settings: settings.ignored });
    }
    const { pidFile } = settings;
    if (pidFile !== undefined) writeFileSync(pidFile, `${process.pid}\n`);
    try {
      await runAgent(plan, () => readPlan(values).options.definitions ?? {}, runtime, context);
    } finally {
      runtime.log.flush();
      if (pidFile !== undefined) rmSync(pidFile, { force: true });
    }
    return 0;
  },
});

interface AgentPlan {
  readonly settings: AgentSettings;
  readonly options: AgentOptions;
  /** With all defaults. */
  readonly config: AgentConfig;
  readonly level: LogLevel;
}

/** Reads the files anew. Throws CommandFailure that names the place. */
function readPlan(values: Values<AgentFlags>): AgentPlan {
  try {
    const paths = [...values['config-file'], ...values['config-dir']];
    const fromFiles = settingsFromFiles(paths.flatMap(readConfigPath));
    const settings = withFlags(fromFiles, values, givenIgnoredFlags(values));
    const options = agentOptions(settings);
    return { settings, options, config: parseAgentConfig(options), level: parseLogLevel(settings.logLevel ?? 'info') };
  } catch (error) {
    throw error instanceof InputError ? new CommandFailure(`==> ${inConsulsWords(error).message}`) : error;
  }
}

/** Resolves when the agent has ended because it was told to. Throws what keeps it from starting or going on. */
async function runAgent(
  { options }: AgentPlan,
  readDefinitions: () => Partial<AgentConfig['definitions']>,
  runtime: ProgramRuntime,
  context: Context,
): Promise<void> {
  const stop = context.stop();
  const readAll = async (): Promise<AgentConfig['definitions']> => {
    const { services = [], checks = [] } = readDefinitions();
    return { services, checks };
  };
  const running = await startAgent(options, runtime, { readDefinitions: readAll }).catch((error: unknown) => {
    throw startFailure(error);
  });
  context.print(`==> Fairlead agent running on ${running.addresses.map(formatHttpAddress).join(', ')}`);
  context.onHangup(() => {
    running.reload().catch((error: unknown) => runtime.log.error('reload failed', { error: messageOf(error) }));
  }, stop);

  const ended = await Promise.race([running.closed, aborted(stop)]);
  context.print('==> Stopping');
  await running.close({ signal: AbortSignal.timeout(drainTime) });
  if (ended) throw ended;
}

function startFailure(error: unknown): unknown {
  if (error instanceof StorageError) return new CommandFailure(`==> ${messageOf(error)}`);
  if (!(error instanceof InputError)) return error;
  const isPort = /can't listen on/.test(error.message);
  const advice = isPort ? '\n    Another port is chosen with -http-port, another address with -client.' : '';
  return new CommandFailure(`==> ${inConsulsWords(error).message}${advice}`);
}

function summaryOf(config: AgentConfig): { label: string; value: string }[] {
  return [
    { label: 'Version', value: readProgramVersion() },
    { label: 'Node name', value: config.nodeName },
    { label: 'Datacenter', value: config.datacenter },
    { label: 'Client Addr', value: config.http.map(formatHttpAddress).join(', ') },
    { label: 'State', value: config.dataDir ?? 'in memory, gone at the end' },
    { label: 'Intention default', value: config.defaultIntentionPolicy ?? 'allow' },
  ];
}
