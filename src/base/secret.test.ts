import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format, inspect } from 'node:util';
import { Secret } from './secret.ts';

test('a secret prints nothing of itself, however it is printed', () => {
  const secret = new Secret('hunter2');
  const held = { token: secret, list: [secret] };
  for (const text of [
    `${secret}`,
    String(secret),
    JSON.stringify(held),
    inspect(held, { depth: 9, showHidden: true }),
    format('%s %o %j', secret, held, held),
  ]) {
    assert.ok(!text.includes('hunter2'), text);
  }
  assert.equal(secret.reveal(), 'hunter2');
});
