import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CaRoots, Leaf } from '../api/index.ts';
import { silentLog } from '../base/index.ts';
import { createThrowawayCa, type IssuedIdentity, type ThrowawayCa } from '../issuing/index.ts';
import { FakeClock } from '../mesh/fake-clock.ts';
import { IdentityKeeper } from './identity.ts';
import { Problems } from './problems.ts';

const hour = 3_600_000;

test('a leaf is used once it and its roots are there, in whatever order they come', async () => {
  const { keeper, ca } = await start();
  const issued = await ca.issue('web');
  keeper.offerLeaf(leafOf(issued, 'web'));
  const before = keeper.identity.value;
  keeper.setRoots(rootsOf(ca));
  assert.deepEqual([before, keeper.identity.value?.spiffeId], [undefined, issued.spiffeId]);
});

test('a leaf that is not ours is not used, the old one stays, and the problem says why', async () => {
  const { keeper, problems, ca, clock } = await start();
  keeper.setRoots(rootsOf(ca));
  const good = await ca.issue('web');
  keeper.offerLeaf(leafOf(good, 'web'));
  const foreign = await createThrowawayCa({ trustDomain: ca.trustDomain, clock });
  const other = await ca.issue('web');
  const bad: readonly (readonly [Leaf, RegExp])[] = [
    [leafOf(await ca.issue('db'), 'db'), /not for the service web/],
    [leafOf(await foreign.issue('web'), 'web'), /none of the 1 trusted roots/],
    [{ ...leafOf(good, 'web'), PrivateKeyPEM: other.key }, /private key is not the leaf's/],
    [
      leafOf(await ca.issue('web', { notBefore: clock.now() - 2 * hour, notAfter: clock.now() - hour }), 'web'),
      /expired/,
    ],
    [leafOf(await ca.issue('web', { uriSans: [good.spiffeId, other.spiffeId] }), 'web'), /2 URI names/],
    [{ ...leafOf(good, 'web'), CertPEM: 'nonsense' }, /no certificate/],
  ];
  for (const [leaf, reason] of bad) {
    keeper.offerLeaf(leaf);
    assert.equal(keeper.identity.value?.chain, good.chain);
    assert.match(problems.cell.value[0]?.reason ?? '', reason);
  }
  keeper.offerLeaf(leafOf(other, 'web'));
  assert.equal(keeper.identity.value?.chain, other.chain);
  assert.deepEqual(problems.cell.value, []);
});

test('a leaf of a new root is used as soon as the root is known', async () => {
  const { keeper, ca } = await start();
  keeper.setRoots(rootsOf(ca));
  const before = await ca.issue('web');
  keeper.offerLeaf(leafOf(before, 'web'));
  await ca.rotate();
  const after = await ca.issue('web');
  // The old root vouches for the new one, so no time is lost; without it, the roots come first.
  keeper.offerLeaf({
    ...leafOf(after, 'web'),
    CertPEM: after.chain.split(/(?<=-----END CERTIFICATE-----\n)/)[0] ?? '',
  });
  assert.equal(keeper.identity.value?.chain, before.chain);
  keeper.setRoots(rootsOf(ca));
  assert.notEqual(keeper.identity.value?.chain, before.chain);
  assert.equal(keeper.roots.value?.certificates.length, 2);
});

test('an expired leaf is dropped at its time, and a leaf of the future is taken at its', async () => {
  const { keeper, problems, ca, clock } = await start();
  const closing = new AbortController();
  const watching = keeper.watchClock(closing.signal);
  keeper.setRoots(rootsOf(ca));
  keeper.offerLeaf(leafOf(await ca.issue('web', { ttl: hour }), 'web'));
  await clock.untilSleeping();
  await clock.advance(hour - 61_000);
  assert.ok(keeper.identity.value);
  await clock.advance(2_000);
  assert.equal(keeper.identity.value, undefined);
  assert.equal(problems.cell.value[0]?.code, 'CERTIFICATE_EXPIRED');

  const next = await ca.issue('web', { notBefore: clock.now() + 30_000, notAfter: clock.now() + hour });
  keeper.offerLeaf(leafOf(next, 'web'));
  assert.equal(keeper.identity.value, undefined);
  await clock.advance(32_000);
  assert.ok(keeper.identity.value);
  assert.deepEqual(problems.cell.value, []);
  closing.abort();
  await watching;
});

test('roots that cannot be read are a problem, and those in use stay', async () => {
  const { keeper, problems, ca } = await start();
  keeper.setRoots(rootsOf(ca));
  keeper.setRoots({ ...rootsOf(ca), Roots: [] });
  assert.equal(keeper.roots.value?.certificates.length, 1);
  assert.match(problems.cell.value[0]?.reason ?? '', /no root certificate/);
});

async function start() {
  const clock = new FakeClock(1_800_000_000_000);
  const problems = new Problems(silentLog);
  return {
    clock,
    problems,
    ca: await createThrowawayCa({ clock }),
    keeper: new IdentityKeeper('web', clock, problems),
  };
}

function rootsOf({ roots }: ThrowawayCa): CaRoots {
  const Roots = roots.certificates.map((RootCert, at) => ({
    ID: `${at}`,
    RootCert,
    IntermediateCerts: [],
    Active: true,
  }));
  return { ActiveRootID: '0', TrustDomain: roots.trustDomain, Roots };
}

function leafOf({ spiffeId, chain, key }: IssuedIdentity, service: string): Leaf {
  return {
    SerialNumber: '01',
    CertPEM: chain,
    PrivateKeyPEM: key,
    Service: service,
    ServiceURI: spiffeId,
    ValidAfter: '',
    ValidBefore: '',
  };
}
