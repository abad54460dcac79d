import { rmSync, writeFileSync } from 'node:fs';
import { type AgentConfig, intentionDefaultOf, StorageError, startAgent } from '../../agent/index.ts';
import { InputError, messageOf } from '../../base/index.ts';
import { type AgentFlags, agentFlags, configOfFlags, givenIgnoredFlags, ignoredFlags } from '../agent-flags.ts';
import { formatHttpAddress } from '../agent-options.ts';
import { findRestartKeys } from '../agent-settings.ts';
import { type Command, type Context, defineCommand } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import type { Values } from '../flags.ts';
import { withOwnProxy } from '../own-proxy.ts';
import { createProgramRuntime, type ProgramRuntime } from '../program-runtime.ts';
import { readProgramVersion } from '../program-version.ts';
import { type AgentPlan, type PlanOptions, readPlan } from '../read-plan.ts';
import { refuseArguments } from '../refuse-arguments.ts';
import { aborted } from '../signals.ts';
import { formatSummary } from '../summary-lines.ts';

/** Milliseconds; whoever sent the signal waits no longer than ten seconds. */
const drainTime = 5_000;

export const agent: Command = defineCommand({
  usage: 'agent [options]',
  about: `Runs an agent until it is told to stop: a registry of services with health checks, a certificate
authority and intentions, behind the HTTP API of Consul. It wants a folder for its state with
-data-dir, or -dev to keep it in memory. SIGHUP reads its configuration files again.

    fairlead agent -dev
    fairlead agent -data-dir=/var/lib/fairlead -default-intention-policy=deny`,
  flags: { ...agentFlags, ...ignoredFlags },
  run: async (values, args, context) => {
    refuseArguments(args);
    const plan = await readPlan(planOptions(values)).catch((error: unknown) => {
      throw error instanceof InputError ? new CommandFailure(`==> ${error.message}`) : error;
    });
    context.print('==> Starting Fairlead agent...');
    context.print(`${formatSummary(summaryOf(plan.config))}\n`);
    context.print('==> Log data will now stream in as it occurs:\n');
    const { level, settings, skipped } = plan;
    const runtime = createProgramRuntime({ level, json: settings.logJson, hasColours: context.hasColours });
    if (settings.ignored.length > 0) {
      runtime.log.warn('settings without effect on one machine ignored', { settings: settings.ignored });
    }
    if (skipped.length > 0) runtime.log.debug('files that are neither .hcl nor .json skipped', { files: skipped });
    const { pidFile } = settings;
    if (pidFile !== undefined) writeFileSync(pidFile, `${process.pid}\n`);
    try {
      await runAgent(plan, values, runtime, context);
    } finally {
      runtime.log.flush();
      if (pidFile !== undefined) rmSync(pidFile, { force: true });
    }
    return 0;
  },
});

function planOptions(values: Values<AgentFlags>): PlanOptions {
  return {
    paths: values['config-file'],
    format: values['config-format'],
    values: configOfFlags(values),
    texts: values.hcl,
    isDev: values.dev,
    ignoredFlags: givenIgnoredFlags(values),
  };
}

/** Resolves when the agent has ended because it was told to. Throws what keeps it from starting or going on. */
async function runAgent(
  plan: AgentPlan,
  values: Values<AgentFlags>,
  runtime: ProgramRuntime,
  context: Context,
): Promise<void> {
  const stop = context.stop();
  const readDefinitions = async (): Promise<AgentConfig['definitions']> => {
    const wanted = await readPlan(planOptions(values));
    runtime.log.setLevel(wanted.level);
    const waiting = findRestartKeys(plan.settings, wanted.settings);
    if (waiting.length > 0) runtime.log.warn('changed settings wait for a restart', { settings: waiting });
    return wanted.config.definitions;
  };
  const readMetrics = (): Promise<string> => runtime.metrics.text();
  const options = withOwnProxy(plan.options, plan.level, context.env);
  const running = await startAgent(options, runtime, { readDefinitions, readMetrics }).catch((error: unknown) => {
    throw startFailure(error, plan);
  });
  context.print(`==> Fairlead agent running on ${running.addresses.map(formatHttpAddress).join(', ')}`);
  context.onHangup(() => void running.reload().catch(() => undefined), stop); // the agent has logged it

  const ended = await Promise.race([running.closed, aborted(stop)]);
  context.print('==> Stopping');
  await running.close({ signal: AbortSignal.timeout(drainTime) });
  if (ended) throw ended;
}

function startFailure(error: unknown, { inPlace }: AgentPlan): unknown {
  if (error instanceof StorageError) return new CommandFailure(`==> ${messageOf(error)}`);
  if (!(error instanceof InputError)) return error;
  const isPort = /can't listen on/.test(error.message);
  const advice = isPort ? '\n    Another port is chosen with -http-port, another address with -client.' : '';
  return new CommandFailure(`==> ${inPlace(error).message}${advice}`);
}

function summaryOf(config: AgentConfig): { label: string; value: string }[] {
  return [
    { label: 'Version', value: readProgramVersion() },
    { label: 'Node name', value: config.nodeName },
    { label: 'Datacenter', value: config.datacenter },
    { label: 'Client Addr', value: config.http.map(formatHttpAddress).join(', ') },
    { label: 'State', value: config.dataDir ?? 'in memory, gone at the end' },
    { label: 'Intention default', value: intentionDefaultOf(config).allow ? 'allow' : 'deny' },
  ];
}
