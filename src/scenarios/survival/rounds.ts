import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OurAgent, startOurAgent, testRuntime } from '../../testing/index.ts';
import { policies, roles, tokens } from './acls.ts';
import { AgentClient, managementToken } from './agent-client.ts';
import { authority } from './authority.ts';
import { catalog } from './catalog.ts';
import { IndexWatch } from './index-watch.ts';
import { configEntries, intentions } from './intentions.ts';
import { endProcesses, managedProxies, oneProcessEach } from './managed-proxies.ts';
import { services } from './services.ts';
import type { Subject } from './subject.ts';
import { Writer } from './writer.ts';

export interface Survival {
  readonly acknowledged: number;
  /** Pairs of URL and index whose content was compared. */
  readonly indexes: number;
  readonly rootsKept: number;
  /** How often the processes of managed proxies were compared with what is declared. */
  readonly processesCompared: number;
}

/**
 * Kills an agent with `kill -9` amid a stream of writes of every kind, starts it again and compares, `rounds` times over on the same
 * state. Rejects at the first loss.
 */
export async function surviveKills(rounds: number, random: () => number = testRuntime().random): Promise<Survival> {
  await using folder = await configFolder();
  await using agent = await startOurAgent(['-log-level', 'error', '-config-file', folder.file]);
  const run = `survival-${agent.port}`;
  const shared = [services, intentions, configEntries, catalog, tokens, policies, roles, managedProxies(run)];
  const subjects = [...shared, authority];
  const writers = Array.from(
    { length: 4 },
    (_, number) => new Writer(number, number === 0 ? subjects : shared, random),
  );
  const watch = new IndexWatch();
  let acknowledged = 0;
  let processesCompared = 0;
  let shown = await readAll(agent, subjects);
  const trustDomain = shown.get('trust domain');
  const compareProcesses = async (): Promise<void> => {
    await oneProcessEach(run, new Map(writers.flatMap(({ known }) => [...known])));
    processesCompared += 1;
  };
  try {
    for (let round = 1; round <= rounds; round += 1) {
      const { promise: enough, resolve } = Promise.withResolvers<void>();
      let left = 1 + Math.floor(random() * 120);
      const onAcknowledged = (): void => {
        acknowledged += 1;
        left -= 1;
        if (left === 0) resolve();
      };
      const running = [...writers.map((writer) => writer.run(agent.port, onAcknowledged)), watch.run(agent.port)];
      await Promise.race([enough, Promise.all(running)]);
      await agent.kill9();
      await Promise.all(running);

      await agent.restart();
      shown = await readAll(agent, subjects);
      for (const writer of writers) writer.verify(shown);
      assert.equal(shown.get('trust domain'), trustDomain);
      await watch.lookOnce(agent.port);
      // Not always: the next kill shall also meet proxies that are being started.
      if (random() < 0.25) await compareProcesses();
    }
    await compareProcesses();
  } finally {
    await agent.kill9();
    endProcesses(run);
  }
  const rootsKept = [...shown.keys()].filter((name) => name.startsWith('root ')).length;
  return { acknowledged, indexes: watch.size, rootsKept, processesCompared };
}

async function readAll({ port }: OurAgent, subjects: readonly Subject[]): Promise<ReadonlyMap<string, string>> {
  using client = new AgentClient(port);
  const shown = new Map<string, string>();
  for (const { readAll } of subjects) for (const [name, state] of await readAll(client)) shown.set(name, state);
  return shown;
}

async function configFolder(): Promise<{ readonly file: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-survival-'));
  const file = join(folder, 'agent.json');
  const acl = { enabled: true, default_policy: 'deny', tokens: { master: managementToken } };
  const proxy = { allow_managed_api_registration: true, allow_managed_root: true };
  await writeFile(file, JSON.stringify({ acl, connect: { proxy } }), { mode: 0o600 });
  return { file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
