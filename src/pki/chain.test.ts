import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createThrowawayCa, type IssueOptions, type ThrowawayCa } from '../issuing/index.ts';
import { FakeClock } from '../mesh/fake-clock.ts';
import { type LeafToVerify, verifyLeaf } from './chain.ts';
import { joinCertificates, splitCertificates } from './pem.ts';

const day = 86_400_000;

test('a fresh leaf is good', async () => {
  const { given, verdict } = await verify({});
  assert.deepEqual(verdict, {
    isGood: true,
    leaf: {
      uriSans: [given.spiffeId],
      notBefore: given.now - 60_000,
      notAfter: given.now - 60_000 + 3 * day,
      serial: '02',
      isCa: false,
    },
  });
});

for (const [promise, change, reason] of [
  [
    'a leaf of another service',
    { uriSans: ['spiffe://x.consul/ns/default/dc/dc1/svc/other'] },
    /^the leaf is for spiffe:.*other, not for/,
  ],
  ['a leaf with two URIs', { uriSans: ['spiffe://a/b', 'spiffe://c/d'] }, /has 2 URI names instead of one/],
  ['a leaf without a URI', { uriSans: [], dnsSans: ['web'] }, /has 0 URI names/],
  ['an expired leaf', { notBefore: 999_000_000_000, notAfter: 999_999_999_000 }, /expired at 2001/],
  ['a leaf that is not valid yet', { notBefore: 1_000_000_001_000 }, /not valid before 2001/],
] as const) {
  test(`${promise} is refused`, async () => {
    const { verdict } = await verify(change);
    assert.match(verdict.isGood ? 'good' : verdict.reason, reason);
  });
}

test('a leaf of another CA is refused', async () => {
  const other = await createThrowawayCa({ clock: new FakeClock() });
  assert.match(await reasonFor({ roots: other.roots.certificates }), /ends in none of the 1 trusted roots/);
  assert.match(await reasonFor({ roots: [] }), /ends in none of the 0 trusted roots/);
});

test('a key that is not the leaf’s is refused, and no message holds it', async () => {
  const { key } = await (await createThrowawayCa()).issue('web');
  assert.equal(await reasonFor({ key }), "the private key is not the leaf's");
});

test('a root is no leaf, even when it says the right name', async () => {
  const ca = await createThrowawayCa({ clock: new FakeClock() });
  const [root = ''] = ca.roots.certificates;
  const verdict = verifyLeaf({
    chainPem: root,
    roots: [root],
    spiffeId: `spiffe://${ca.trustDomain}`,
    now: 1_000_000_000_000,
  });
  assert.deepEqual(verdict, { isGood: false, reason: 'the leaf is a CA certificate' });
});

test('a leaf can’t vouch for another leaf', async () => {
  const clock = new FakeClock();
  const ca = await createThrowawayCa({ clock });
  const web = await ca.issue('web');
  const stranger = await (await createThrowawayCa({ clock })).issue('web');
  const chainPem = joinCertificates([...splitCertificates(stranger.chain), ...splitCertificates(web.chain)]);
  const verdict = verifyLeaf({
    chainPem,
    roots: ca.roots.certificates,
    spiffeId: stranger.spiffeId,
    now: clock.now(),
  });
  assert.ok(!verdict.isGood);
});

test('after a rotation the new leaf leads to the old root as well, while the cross-signed root lives', async () => {
  const clock = new FakeClock();
  const ca = await createThrowawayCa({ clock });
  const oldRoots = ca.roots.certificates;
  await ca.rotate();
  const { chain, spiffeId } = await ca.issue('web', { ttl: 30 * day });
  const isGood = (roots: readonly string[]): boolean =>
    verifyLeaf({ chainPem: chain, roots, spiffeId, now: clock.now() }).isGood;
  assert.ok(isGood(oldRoots));
  assert.ok(isGood(ca.roots.certificates));
  await clock.advance(8 * day);
  assert.ok(!isGood(oldRoots), 'the way over the expired intermediate is closed');
  assert.ok(isGood(ca.roots.certificates), 'but it closes no other');
});

test('text without a certificate is refused', async () => {
  assert.equal(await reasonFor({ chainPem: 'nothing' }), 'there is no certificate that can be read');
});

async function reasonFor(change: Partial<LeafToVerify>): Promise<string> {
  const { verdict } = await verify({}, change);
  return verdict.isGood ? 'good' : verdict.reason;
}

async function verify(options: IssueOptions, change: Partial<LeafToVerify> = {}) {
  const clock = new FakeClock();
  const ca: ThrowawayCa = await createThrowawayCa({ clock });
  const { chain, key } = await ca.issue('web', options);
  const spiffeId = `spiffe://${ca.trustDomain}/ns/default/dc/dc1/svc/web`;
  const given = { chainPem: chain, roots: ca.roots.certificates, key, spiffeId, now: clock.now(), ...change };
  return { given, verdict: verifyLeaf(given) };
}
