import assert from 'node:assert/strict';
import { startOurAgent, testRuntime } from '../../testing/index.ts';
import { IndexWatch } from './index-watch.ts';
import { readAll, Writer } from './writers.ts';

export interface Survival {
  readonly acknowledged: number;
  readonly indexes: number;
}

/**
 * Kills an agent with `kill -9` amid a stream of writes, starts it again and compares, `rounds` times over on the same state.
 * Rejects at the first loss.
 */
export async function surviveKills(rounds: number, random: () => number = testRuntime().random): Promise<Survival> {
  await using agent = await startOurAgent(['-log-level', 'error']);
  const writers = Array.from({ length: 4 }, (_, number) => new Writer(number, random));
  const watch = new IndexWatch();
  const ca = await readCa(agent.address);
  let acknowledged = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const { promise: enough, resolve } = Promise.withResolvers<void>();
    let left = 1 + Math.floor(random() * 120);
    const onAcknowledged = (): void => {
      acknowledged += 1;
      left -= 1;
      if (left === 0) resolve();
    };
    const running = [...writers.map((writer) => writer.run(agent.port, onAcknowledged)), watch.run(agent.address)];
    await Promise.race([enough, Promise.all(running)]);
    await agent.kill9();
    await Promise.all(running);

    await agent.restart();
    const shown = await readAll(agent.address);
    for (const writer of writers) writer.verify(shown);
    assert.deepEqual(await readCa(agent.address), ca, 'the CA is the same');
    await watch.lookOnce(agent.address);
  }
  return { acknowledged, indexes: watch.size };
}

async function readCa(address: string): Promise<object> {
  const answer = await fetch(`http://${address}/v1/connect/ca/roots`);
  const { TrustDomain, ActiveRootID, Roots } = (await answer.json()) as CaShown;
  return { TrustDomain, ActiveRootID, certificates: Roots.map(({ RootCert }) => RootCert) };
}

interface CaShown {
  readonly TrustDomain: string;
  readonly ActiveRootID: string;
  readonly Roots: readonly { readonly RootCert: string }[];
}
