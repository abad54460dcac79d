import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileRules, decide, precedenceOf, type Rule, ruleOf } from '../../intentions/index.ts';
import { parseSpiffeId } from '../../pki/index.ts';
import { memoryStorage } from '../persist/storage.ts';
import { Store } from '../state/store.ts';
import type { IntentionSource } from '../state/tables.ts';
import { decideConnection } from './decision.ts';
import { type IntentionTable, intentionsTo } from './view.ts';
import { writeRow } from './write.ts';

const db = { namespace: 'default', name: 'db' };
const otherwise = { allow: true, reason: 'default' };

for (const { name, rules, cases } of readVectors()) {
  test(`the agent agrees with the vectors: ${name}`, async () => {
    const table = await tableWith(rules);
    for (const { spiffeId, decision, id } of cases) {
      const source = parseSpiffeId(spiffeId);
      assert.equal(source?.kind, 'service');
      const { allowed, reason } = decideConnection(table, source, db, otherwise);
      const expected = { none: ['default', true], ask: ['does not evaluate', false] }[decision];
      assert.equal(allowed, expected?.[1] ?? decision === 'allow', spiffeId);
      assert.ok(reason.includes(String(expected?.[0] ?? `ID: ${id},`)), `${spiffeId}: ${reason}`);
    }
  });
}

test('the agent decides as a proxy that has read the matching intentions', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(rule(), { selector: keyOf, maxLength: 10 }), source(), async (rules, asking) => {
      const table = await tableWith(rules);
      const own = compileRules(
        intentionsTo(table, db).map(({ row, source: { name, ...rest } }) =>
          ruleOf({ ...rest, source: name, sourceNamespace: rest.namespace, destination: row.destination }),
        ),
      );
      const verdict = decide(own, asking);
      assert.equal(
        decideConnection(table, asking, db, otherwise).allowed,
        verdict.decision === 'allow' || verdict.decision === 'none',
      );
    }),
  );
});

test('a destination is found in any case', async () => {
  const table = await tableWith([
    { id: 'x', source: 'web', sourceNamespace: 'default', destination: 'DB', action: 'deny', precedence: 9 },
  ]);
  const web = { service: 'web', namespace: 'default' };
  assert.deepEqual(decideConnection(table, web, { ...db, name: 'dB' }, otherwise), {
    allowed: false,
    reason: 'Matched L4 intention: default/web => default/DB (ID: x, Precedence: 9, Action: DENY)',
  });
});

test('a change shows in the next decision', async () => {
  const store = new Store(memoryStorage());
  const table = store.table('intentions');
  const web = { service: 'web', namespace: 'default' };
  const row = (action: 'allow' | 'deny') => ({
    destination: 'db',
    namespace: 'default',
    sources: [{ name: 'web', type: 'consul', action, precedence: 9 }],
  });
  for (const action of ['deny', 'allow', 'deny'] as const) {
    await store.write((tx) => writeRow(tx, tx.table('intentions').get('db'), row(action)));
    assert.equal(decideConnection(table, web, db, otherwise).allowed, action === 'allow');
  }
  await store.write((tx) => writeRow(tx, tx.table('intentions').get('db'), undefined));
  assert.equal(decideConnection(table, web, db, otherwise).reason, 'default');
});

interface Vector {
  readonly name: string;
  readonly rules: readonly Rule[];
  readonly cases: readonly { readonly spiffeId: string; readonly decision: string; readonly id?: string }[];
}

function readVectors(): readonly Vector[] {
  return JSON.parse(readFileSync(new URL('../../intentions/vectors.json', import.meta.url), 'utf8')).tables;
}

async function tableWith(rules: readonly Rule[]): Promise<IntentionTable> {
  const store = new Store(memoryStorage());
  const rows = Map.groupBy(rules, ({ destination }) => destination);
  await store.write((tx) => {
    for (const [destination, ofOne] of rows) {
      writeRow(tx, undefined, { destination, namespace: 'default', sources: ofOne.map(sourceOf) });
    }
  });
  return store.table('intentions');
}

function sourceOf({ id, source, sourceNamespace, action, precedence }: Rule): IntentionSource {
  return {
    name: source,
    namespace: sourceNamespace,
    type: 'consul',
    precedence,
    ...(id === undefined ? {} : { legacyId: id }),
    ...(action === 'unknown' ? { action: 'allow', unknown: { Peer: 'east' } } : { action }),
  };
}

function rule(): fc.Arbitrary<Rule> {
  return fc
    .record({
      source: fc.constantFrom('web', 'WEB', 'api', '*'),
      sourceNamespace: fc.constantFrom('default', 'x'),
      destination: fc.constantFrom('db', '*'),
      action: fc.constantFrom<Rule['action']>('allow', 'deny'),
      id: fc.uuid(),
    })
    .map((made) => ({ ...made, precedence: precedenceOf({ ...made, destinationNamespace: 'default' }) }));
}

/** A source stands once in a row, in whatever case. */
function keyOf({ source, sourceNamespace, destination }: Rule): string {
  return `${sourceNamespace}/${source.toLowerCase()} ${destination}`;
}

function source() {
  return fc.record({ service: fc.constantFrom('web', 'WEB', 'other'), namespace: fc.constantFrom('default', 'x') });
}
