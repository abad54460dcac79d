/** The real built-in proxy of 1.8.7 on our agent, alone and in mixed pairs with ours, in both directions, and a rotation under load. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Closers } from '../../base/index.ts';
import { findConsul, type OurAgent, runProgram, startOurAgent } from '../../testing/index.ts';
import { eventually, rotateUnderLoad, type Side, startPair } from './pair.ts';

let agent: OurAgent;
const opened = new Closers();

before(async () => {
  agent = opened.add(await startOurAgent());
});

after(() => opened.close());

const pairs: readonly (readonly [Side, Side])[] = [
  ['built-in', 'built-in'],
  ['ours', 'built-in'],
  ['built-in', 'ours'],
  ['ours', 'ours'],
];

for (const [web, api] of pairs) {
  test(`${web} outbound to ${api} inbound: requests pass, a deny refuses, an allow lets pass again`, async () => {
    await using pair = await startPair({ agent: agent.address, web, api });
    assert.equal(await pair.request(), 'hello from api');

    await consul('intention', 'create', '-deny', '-replace', 'web', 'api');
    await eventually('the deny to be known', () => assert.rejects(pair.request()));
    await consul('intention', 'create', '-allow', '-replace', 'web', 'api');
    assert.equal(await eventually('the allow to be known', pair.request), 'hello from api');
  });
}

for (const [web, api] of [
  ['built-in', 'ours'],
  ['ours', 'built-in'],
] as const) {
  test(`a rotation under load between ${web} outbound and ${api} inbound fails no request`, async () => {
    await using pair = await startPair({ agent: agent.address, web, api });
    const { passed, failures } = await rotateUnderLoad(pair, agent.address, (file) =>
      consul('connect', 'ca', 'set-config', '-config-file', file),
    );
    assert.deepEqual(failures, []);
    assert.ok(passed > 0);
  });
}

async function consul(...args: string[]): Promise<void> {
  const outcome = await runProgram(findConsul(), args, { env: { CONSUL_HTTP_ADDR: agent.address } });
  assert.equal(outcome.code, 0, `${outcome.stdout}${outcome.stderr}`);
}
