import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CaRootRow } from '../state/tables.ts';
import { outlivedRoots, planRotation } from './rotation.ts';

test('the old root loses its key and its place, and nothing else of it changes', () => {
  const old = row({ id: 'a', active: true, signingKey: 'secret' });
  const next = row({ id: 'b', active: true, signingKey: 'other', intermediateCerts: ['x'] });
  assert.deepEqual(planRotation([old], next, 1_000), [row({ id: 'a', active: false, rotatedOutAt: 1_000 }), next]);
});

test('roots that were retired before are left as they are', () => {
  const oldest = row({ id: 'a', active: false, rotatedOutAt: 5 });
  const old = row({ id: 'b', active: true });
  const next = row({ id: 'c', active: true });
  assert.deepEqual(
    planRotation([oldest, old], next, 1_000).map(({ id }) => id),
    ['b', 'c'],
  );
});

test('the first root has none to retire', () => {
  const first = row({ id: 'a', active: true });
  assert.deepEqual(planRotation([], first, 1_000), [first]);
});

for (const [promise, old, now, isDropped] of [
  ['an old root stays for twice the life of a leaf', { active: false, rotatedOutAt: 100 }, 300, false],
  ['and goes after it', { active: false, rotatedOutAt: 100 }, 301, true],
  ['an active one stays', { active: true }, 1_000, false],
  ['one from the future stays', { active: false, rotatedOutAt: 5_000 }, 1_000, false],
] as const) {
  test(promise, () => assert.equal(outlivedRoots([row(old)], 100, now).length === 1, isDropped));
}

function row(change: Partial<CaRootRow>): CaRootRow {
  return {
    id: 'a',
    name: 'root',
    serialNumber: 1,
    signingKeyId: '00',
    externalTrustDomain: 'x',
    notBefore: 0,
    notAfter: 1,
    rootCert: '',
    intermediateCerts: [],
    active: true,
    privateKeyType: 'ec',
    privateKeyBits: 256,
    ...change,
  };
}
