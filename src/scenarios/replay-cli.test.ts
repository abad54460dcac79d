/**
 * What the CLIs of 1.3.1 and 1.10.0 once sent to agents of their version, command by command and their built-in proxies included, sent
 * again to ours: status, headers and whether it blocks are as recorded, and every member that was in the answers is in ours, with its type.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startAgent } from '../agent/index.ts';
import { testRuntime } from '../testing/index.ts';
import { type Accepted, unexpected, unexplained } from './replay/accepted.ts';
import { readCommands } from './replay/cli-transcript.ts';
import { replayCommands } from './replay/replay-commands.ts';
import { readExchanges } from './replay/transcript.ts';

interface Recording {
  readonly version: string;
  /** Command line → why it is left out. */
  readonly skipped: ReadonlyMap<string, string>;
  readonly accepted: readonly Accepted[];
}

const events = 'events are not built';
const otherKinds = 'config entries of other kinds are not built yet';

const recordings: readonly Recording[] = [
  {
    version: 'v1.3.1',
    skipped: new Map([['event -name=deploy hello', events]]),
    accepted: [
      { id: 'form-of-1.10', exchanges: 'all', place: /: header x-consul-default-acl-policy$/ },
      { id: 'form-of-1.10', exchanges: 'all', place: /ca\/roots: header x-consul-knownleader$/ },
      { id: 'form-of-1.10', exchanges: 'all', place: /intentions(\/match)?: header x-consul-[\w-]+$/ },
      { id: 'form-of-1.10', exchanges: 'all', place: /intentions.*\bDefault(Addr|Port)$/ },
      { id: 'form-of-1.10', exchanges: 'all', place: /catalog\/service\/web: .*ServiceProxyDestination$/ },
    ],
  },
  {
    version: 'v1.10.0',
    skipped: new Map([
      ['event -name=deploy hello', events],
      ['config write sd.hcl', otherKinds],
      ['config read -kind service-defaults -name web', otherKinds],
      ['config list -kind service-defaults', otherKinds],
      ['config delete -kind service-defaults -name web', otherKinds],
    ]),
    accepted: [],
  },
];

for (const { version, skipped, accepted } of recordings) {
  test(`what the CLI of ${version} asks is answered as recorded`, async () => {
    const options = { dev: true, http: [{ host: '127.0.0.1', port: 0 }], nodeName: 'recorded' };
    await using agent = await startAgent(options, testRuntime());
    await agent.fetch('/v1/agent/connect/ca/roots'); // had been asked there before
    const recorded = readCommands(version);
    const commands = recorded.filter(({ line }) => !skipped.has(line));
    const examples = readExchanges(version, 1, 399);

    const outcomes = await replayCommands(commands, { port: agent.address.port, examples });

    assert.deepEqual(unexpected(outcomes, accepted), []);
    assert.equal(outcomes.length + skipped.size, recorded.length);
  });
}

test('every accepted difference has its reason in docs/compatibility.md', () => {
  assert.deepEqual(unexplained(recordings.flatMap(({ accepted }) => accepted)), []);
});
