import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { formatPrivateKey, generateKey, type KeyKind, makeRoot } from '../../issuing/index.ts';
import { FakeClock } from '../../mesh/fake-clock.ts';
import { splitCertificates, verifyLeaf } from '../../pki/index.ts';
import { testRuntime } from '../../testing/test-runtime.ts';
import { type Batch, memoryStorage, type Storage, type StoredRow } from '../persist/storage.ts';
import { Store } from '../state/store.ts';
import { topic } from '../state/topics.ts';
import { type Ca, type CaOptions, startCa } from './ca.ts';
import type { IssuedLeaf } from './leaf-issuer.ts';

const start = Date.parse('2026-11-23T03:02:29Z');
const second = 1_000;
const hour = 3_600_000;

test('a fresh store gets a trust domain, a P-256 root and the usual configuration', async () => {
  await using mesh = await open();
  assert.match(mesh.ca.trustDomain, /^[0-9a-f-]{36}\.consul$/);
  const [root, ...others] = mesh.ca.roots();
  assert.deepEqual(others, []);
  assert.equal(root?.active, true);
  assert.deepEqual([root.privateKeyType, root.privateKeyBits], ['ec', 256]);
  assert.equal(`${root.externalTrustDomain}.consul`, mesh.ca.trustDomain);
  assert.deepEqual([root.notBefore, root.notAfter], [start, Date.parse('2036-11-23T03:02:29Z')]);
  const { provider, config, state } = mesh.ca.configuration();
  assert.deepEqual(
    { provider, config, state },
    {
      provider: 'consul',
      config: { IntermediateCertTTL: '8760h', LeafCertTTL: '72h', RotationPeriod: '2160h' },
      state: null,
    },
  );
});

test('a given cluster ID fixes the trust domain, and another one on the same store is refused', async () => {
  await using mesh = await open({ clusterId: 'AbC-1' });
  assert.equal(mesh.ca.trustDomain, 'abc-1.consul');
  const { store, runtime } = mesh;
  await assert.rejects(startCa({ store, runtime, datacenter: 'dc1', clusterId: 'other' }), /belongs to AbC-1/);
  await assert.rejects(
    startCa({ store, runtime, datacenter: 'dc1', clusterId: 'a.b/c' }),
    /cluster_id: expected a UUID/,
  );
});

test('a restart keeps the CA and counts on', async () => {
  const storage = keepingStorage();
  let before: IssuedLeaf;
  let id: string | undefined;
  {
    await using mesh = await open({}, storage);
    before = await mesh.leaf('web');
    id = mesh.ca.roots()[0]?.id;
  }
  await using mesh = await open({}, storage);
  assert.equal(mesh.ca.roots()[0]?.id, id);
  const after = await mesh.leaf('web');
  assert.equal(after.spiffeId, before.spiffeId);
  assert.ok(after.index > before.index, 'the index is higher than any given out before');
  assert.deepEqual([before.serial, after.serial], ['02', '03']);
});

test('a leaf is made once and then served from memory; its key is nowhere in the store', async () => {
  const storage = keepingStorage();
  await using mesh = await open({}, storage);
  const [first, again] = await Promise.all([mesh.leaf('web'), mesh.leaf('web')]);
  assert.equal(first, again, 'two who ask at once share one');
  assert.equal(await mesh.leaf('web'), first);
  const verdict = mesh.verify(first);
  assert.ok(verdict.isGood, verdict.isGood ? '' : verdict.reason);
  assert.equal(first.index, mesh.store.indexOf([topic.leaf('web')]));
  const stored = JSON.stringify(storage.load());
  assert.ok(!stored.includes(JSON.stringify(first.key.reveal()).slice(1, -1)));
  assert.ok(!inspect(first, { depth: 9 }).includes('PRIVATE KEY'));
});

test('names keep their case, and each spelling has a leaf of its own', async () => {
  await using mesh = await open();
  const [lower, upper] = [await mesh.leaf('web'), await mesh.leaf('WEB')];
  assert.notEqual(lower.spiffeId, upper.spiffeId);
});

for (const service of ['a/b', 'x'.repeat(3_000)]) {
  test(`the name ${service.slice(0, 20)} gets no leaf`, async () => {
    await using mesh = await open();
    await assert.rejects(mesh.ca.useLeaf(service), { code: 'NAME_REFUSED' });
  });
}

test('a leaf is renewed between 60 and 90 % of its life, and who waits for it hears of it', async () => {
  await using mesh = await open();
  using use = await mesh.ca.useLeaf('web');
  const old = use.leaf;
  const life = old.notAfter - old.notBefore;
  const renewed = mesh.changeOf('web', old.index);
  await mesh.clock.advance(0.59 * life);
  assert.equal(use.leaf, old);
  await mesh.clock.advance(0.31 * life);
  await renewed;
  assert.ok(use.leaf.index > old.index);
  assert.notEqual(use.leaf.key.reveal(), old.key.reveal());
  assert.ok(mesh.verify(use.leaf).isGood);
});

test('a leaf that nobody has asked for in 72 hours is dropped and not renewed', async () => {
  await using mesh = await open({ config: { LeafCertTTL: '720h' } });
  const old = await mesh.leaf('web');
  await mesh.clock.advance(73 * hour);
  using use = await mesh.ca.useLeaf('web');
  assert.ok(!use.wasCached);
  assert.notEqual(use.leaf, old);
});

test('a machine that slept through the end of a leaf serves a new one at once', async () => {
  await using mesh = await open();
  const old = await mesh.leaf('web');
  mesh.clock.jump(100 * hour);
  const fresh = await mesh.leaf('web');
  assert.notEqual(fresh, old);
  assert.ok(mesh.verify(fresh).isGood);
});

test('a clock that is set back makes the leaf new, not useless', async () => {
  await using mesh = await open();
  const old = await mesh.leaf('web');
  mesh.clock.jump(-30 * 24 * hour);
  const fresh = await mesh.leaf('web');
  assert.notEqual(fresh, old);
  assert.ok(fresh.notBefore <= mesh.clock.now() && fresh.notAfter > mesh.clock.now());
});

test('a million names do not fill the memory: the leaf asked for longest ago goes', async () => {
  await using mesh = await open({ mostLeafs: 3, config: { CSRMaxPerSecond: 0 } });
  using watched = await mesh.ca.useLeaf('watched');
  const b = await mesh.leaf('b');
  const c = await mesh.leaf('c');
  await mesh.leaf('b');
  await mesh.leaf('d');
  assert.equal(await mesh.leaf('watched'), watched.leaf, 'somebody waits for it');
  assert.equal(await mesh.leaf('b'), b);
  assert.notEqual(await mesh.leaf('c'), c);
});

test('CSRs beyond the limit are refused, and cached leafs are not affected', async () => {
  await using mesh = await open({ config: { CSRMaxPerSecond: 0.01 } });
  const web = await mesh.leaf('web');
  await assert.rejects(mesh.ca.useLeaf('api'), {
    code: 'RATE_LIMITED',
    message: 'Rate limit reached, try again later',
  });
  assert.equal(await mesh.leaf('web'), web);
  mesh.clock.jump(200 * second);
  await mesh.leaf('api');
});

test('a renewal that fails is tried again in the next half minute; the old leaf is served meanwhile', async () => {
  await using mesh = await open({ config: { CSRMaxPerSecond: 0.01 } });
  using use = await mesh.ca.useLeaf('web');
  const old = use.leaf;
  mesh.clock.jump(200 * second);
  await mesh.leaf('other'); // takes the only turn
  await mesh.ca.rotateRoot();
  await mesh.advanceAndSign(31 * second);
  assert.equal(use.leaf, old);
  for (let round = 0; use.leaf === old && round < 500; round += 1) await mesh.advanceAndSign(5 * second);
  assert.ok(use.leaf.index > old.index);
  assert.equal(use.leaf.rootId, mesh.activeRoot().id);
});

test('a rotation is one step: old root retired, new one active with what the old one vouches for it, new configuration', async () => {
  await using mesh = await open();
  const [old] = mesh.ca.roots();
  const before = mesh.store.indexOf([topic.roots]);
  const key = formatPrivateKey(await generateKey());
  await mesh.put({ PrivateKey: key.reveal(), RotationPeriod: '2160h', LeafCertTTL: '72h' });

  const roots = mesh.ca.roots();
  assert.deepEqual(
    roots.map(({ id }) => id).toSorted(),
    roots.map(({ id }) => id),
    'by ID',
  );
  const retired = roots.find(({ active }) => !active);
  const active = mesh.activeRoot();
  assert.equal(retired?.id, old?.id);
  assert.equal(retired?.rotatedOutAt, mesh.clock.now());
  assert.equal(active.intermediateCerts.length, 1);
  assert.deepEqual(mesh.ca.configuration().config, { RotationPeriod: '2160h', LeafCertTTL: '72h' }, 'without the key');

  const index = mesh.store.indexOf([topic.roots]);
  assert.ok(index > before);
  assert.deepEqual(
    [retired?.modifyIndex, active.modifyIndex, active.createIndex, mesh.ca.configuration().modifyIndex],
    [index, index, index, index],
  );
  assert.ok(!JSON.stringify(mesh.ca.roots()).includes('PRIVATE KEY'));
  assert.equal(active.serialNumber, 2, 'the root is numbered before what vouches for it');
});

test('after a rotation the leaf follows within 30 seconds and leads to both roots', async () => {
  await using mesh = await open();
  using use = await mesh.ca.useLeaf('web');
  const old = use.leaf;
  const [oldRoot] = mesh.ca.roots();
  await mesh.ca.rotateRoot();
  assert.equal(use.leaf, old);
  assert.equal(await mesh.leaf('web'), old, 'still served');
  const renewed = mesh.changeOf('web', old.index);
  await mesh.clock.advance(30 * second);
  await renewed;
  const leaf = use.leaf;
  assert.equal(leaf.rootId, mesh.activeRoot().id);
  assert.equal(splitCertificates(leaf.chain).length, 2);
  for (const roots of [[oldRoot?.rootCert ?? ''], [mesh.activeRoot().rootCert]]) {
    const { chain: chainPem, spiffeId } = leaf;
    assert.ok(verifyLeaf({ chainPem, roots, spiffeId, now: mesh.clock.now() }).isGood);
  }
});

test('an intermediate that has expired is sent no longer', async () => {
  await using mesh = await open();
  await mesh.ca.rotateRoot();
  await mesh.clock.advance(8 * 24 * hour);
  const { chain } = await mesh.leaf('web');
  assert.equal(splitCertificates(chain).length, 1);
});

test('an old root is dropped after twice the life of a leaf, and not before', async () => {
  await using mesh = await open({ config: { LeafCertTTL: '2h' } });
  await mesh.ca.rotateRoot();
  await mesh.ca.rotateRoot();
  assert.equal(mesh.ca.roots().length, 3);
  await mesh.clock.advance(4 * hour);
  assert.equal(mesh.ca.roots().length, 3);
  const index = mesh.store.indexOf([topic.roots]);
  await mesh.clock.advance(hour);
  assert.deepEqual(
    mesh.ca.roots().map(({ active }) => active),
    [true],
  );
  assert.ok(mesh.store.indexOf([topic.roots]) > index);
});

test('read, change, write back: nothing rotates, with an empty key or with none', async () => {
  await using mesh = await open();
  await mesh.put({ PrivateKey: formatPrivateKey(await generateKey()).reveal() });
  const root = mesh.activeRoot();
  await mesh.put({ ...mesh.ca.configuration().config });
  await mesh.put({ LeafCertTTL: '48h' });
  await mesh.put({ LeafCertTTL: '24h', PrivateKey: '' });
  assert.equal(mesh.activeRoot().id, root.id);
  assert.equal(mesh.ca.roots().length, 2);
});

test('another TTL wakes who watches the roots, and an equal configuration does not', async () => {
  await using mesh = await open();
  const before = mesh.store.indexOf([topic.roots]);
  await mesh.put({ LeafCertTTL: '48h' });
  const changed = mesh.store.indexOf([topic.roots]);
  assert.ok(changed > before);
  await mesh.put({ LeafCertTTL: '48h' });
  assert.equal(mesh.store.indexOf([topic.roots]), changed);
  const leaf = await mesh.leaf('web');
  assert.equal(leaf.notAfter - leaf.notBefore, 48 * hour);
});

test('what was put is returned as it was put', async () => {
  await using mesh = await open();
  const config = { LeafCertTTL: 259_200_000_000_000, IntermediateCertTTL: '8760h', SkipValidate: true };
  await mesh.put(config);
  assert.deepEqual(mesh.ca.configuration().config, config);
});

test('the same key again rotates nothing; another kind of key does', async () => {
  await using mesh = await open();
  const PrivateKey = formatPrivateKey(await generateKey()).reveal();
  await mesh.put({ PrivateKey });
  const root = mesh.activeRoot();
  await mesh.put({ PrivateKey, LeafCertTTL: '48h' });
  assert.equal(mesh.activeRoot().id, root.id);
  await mesh.put({ PrivateKeyType: 'ec', PrivateKeyBits: 256 });
  assert.equal(mesh.activeRoot().id, root.id);
  await mesh.put({ PrivateKeyType: 'ec', PrivateKeyBits: 384 });
  assert.deepEqual([mesh.activeRoot().privateKeyType, mesh.activeRoot().privateKeyBits], ['ec', 384]);
  await mesh.put({ PrivateKeyType: 'rsa', PrivateKeyBits: 2_048 });
  const rsa = mesh.activeRoot();
  assert.deepEqual([rsa.privateKeyType, rsa.privateKeyBits], ['rsa', 2_048]);
  await mesh.put({});
  assert.equal(mesh.activeRoot().id, rsa.id);
  const leaf = await mesh.leaf('web');
  assert.match(leaf.key.reveal(), /^-----BEGIN EC PRIVATE KEY-----/, 'leaf keys are EC whatever the CA has');
  assert.ok(mesh.verify(leaf).isGood);
});

test('bring your own root: it signs, is shown as it is, and stays when written back without its key', async () => {
  await using mesh = await open();
  const { RootCert, PrivateKey } = await foreignRoot();
  await mesh.put({ RootCert, PrivateKey, LeafCertTTL: '72h' });
  assert.equal(mesh.activeRoot().rootCert, RootCert);
  assert.ok(mesh.verify(await mesh.leaf('web')).isGood);
  assert.deepEqual(mesh.ca.configuration().config, { RootCert, LeafCertTTL: '72h' });
  const { id } = mesh.activeRoot();
  await mesh.put({ ...mesh.ca.configuration().config, LeafCertTTL: '48h' });
  await mesh.put({ LeafCertTTL: '24h' });
  assert.equal(mesh.activeRoot().id, id);
  await mesh.ca.rotateRoot();
  assert.notEqual(mesh.activeRoot().id, id);
});

test('what a file says is put in the place of the defaults, in its spelling too', async () => {
  await using mesh = await open({ config: { leaf_cert_ttl: '2h' } });
  const { notBefore, notAfter } = await mesh.leaf('web');
  assert.equal(notAfter - notBefore, 2 * hour);
  assert.equal(mesh.ca.configuration().config['LeafCertTTL'], '2h');
});

test('a CA can begin with a root of its own', async () => {
  const { RootCert, PrivateKey } = await foreignRoot();
  await using mesh = await open({ config: { RootCert, PrivateKey } });
  assert.equal(mesh.ca.roots().length, 1);
  assert.equal(mesh.activeRoot().rootCert, RootCert);
});

for (const [promise, config, message] of [
  [
    'a root without its key',
    { RootCert: 'own' },
    /^error configuring provider: must provide a private key when providing a root cert$/,
  ],
  ['a root with another key', { RootCert: 'own', PrivateKey: 'other' }, /does not belong to the root certificate/],
  ['text in the place of a root', { RootCert: 'text', PrivateKey: 'own' }, /RootCert: expected a certificate in PEM/],
  [
    'a leaf in the place of a root',
    { RootCert: 'leaf', PrivateKey: 'own' },
    /RootCert: expected a CA certificate signed by its own key/,
  ],
  ['two certificates', { RootCert: 'two', PrivateKey: 'own' }, /RootCert: expected one certificate/],
  ['an expired root', { RootCert: 'expired', PrivateKey: 'own' }, /RootCert: valid from 2006/],
] as const) {
  test(`${promise} is refused, and nothing has changed`, async () => {
    await using mesh = await open();
    const { RootCert: own, PrivateKey: ownKey } = await foreignRoot();
    const index = mesh.store.index;
    const texts: Record<string, string> = {
      own: own,
      text: 'nothing',
      leaf: (await mesh.leaf('web')).chain,
      two: own + own,
      expired: (await foreignRoot(Date.parse('2006-01-01T00:00:00Z'))).RootCert,
      other: formatPrivateKey(await generateKey()).reveal(),
    };
    const put = {
      RootCert: texts[config.RootCert],
      ...('PrivateKey' in config
        ? { PrivateKey: config.PrivateKey === 'own' ? ownKey : texts[config.PrivateKey] }
        : {}),
    };
    await assert.rejects(mesh.put(put), { code: 'CONFIG_REFUSED', message });
    assert.equal(mesh.ca.roots().length, 1);
    assert.ok(mesh.store.index <= index + 1, 'but for the leaf');
  });
}

test('another provider is refused in Consul’s words', async () => {
  await using mesh = await open();
  const update = { provider: 'nope', config: {}, state: null, forceWithoutCrossSigning: false };
  await assert.rejects(mesh.ca.setConfiguration(update), {
    message: 'could not initialize provider: unknown CA provider "nope"',
  });
});

test('two rotations at once happen one after the other', async () => {
  await using mesh = await open();
  await Promise.all([mesh.ca.rotateRoot(), mesh.ca.rotateRoot()]);
  assert.equal(mesh.ca.roots().length, 3);
  assert.equal(mesh.ca.roots().filter(({ active }) => active).length, 1);
});

test('when the disk refuses a rotation, the old root goes on', async () => {
  const storage = keepingStorage();
  await using mesh = await open({}, storage);
  const { id } = mesh.activeRoot();
  storage.isFull = true;
  await assert.rejects(mesh.ca.rotateRoot(), /disk full/);
  await assert.rejects(mesh.ca.useLeaf('web'), /disk full/);
  storage.isFull = false;
  assert.equal(mesh.activeRoot().id, id);
  const leaf = await mesh.leaf('web');
  assert.equal(leaf.rootId, id);
  assert.ok(mesh.verify(leaf).isGood);
});

test('a sidecar that is registered here finds its leaf made', async () => {
  await using mesh = await open();
  const issued = mesh.changeOf('web', mesh.store.index);
  await mesh.store.write((tx) => {
    tx.put('services', 'n\0web-sidecar-proxy', {
      node: 'n',
      id: 'web-sidecar-proxy',
      kind: 'connect-proxy',
      name: 'web-sidecar-proxy',
      tags: [],
      meta: null,
      address: '',
      port: 1,
      weights: { passing: 1, warning: 1 },
      enableTagOverride: false,
      proxy: { destinationServiceName: 'web' },
      isNative: false,
      local: {},
    });
    tx.touch(topic.services);
  });
  await issued;
  using use = await mesh.ca.useLeaf('web');
  assert.ok(use.wasCached);
});

interface Mesh extends AsyncDisposable {
  readonly store: Store;
  readonly clock: JumpingClock;
  readonly runtime: CaOptions['runtime'];
  readonly ca: Ca;
  leaf(service: string): Promise<IssuedLeaf>;
  put(config: Record<string, unknown>): Promise<void>;
  activeRoot(): ReturnType<Ca['roots']>[number];
  verify(leaf: IssuedLeaf): ReturnType<typeof verifyLeaf>;
  changeOf(service: string, since: number): Promise<void>;
  advanceAndSign(ms: number): Promise<void>;
}

async function open(options: Partial<CaOptions> = {}, storage: Storage = memoryStorage()): Promise<Mesh> {
  const clock = new JumpingClock(start);
  const runtime = testRuntime({ clock });
  const store = new Store(storage);
  const ca = await startCa({ store, runtime, datacenter: 'dc1', ...options });
  const leaf = async (service: string): Promise<IssuedLeaf> => {
    using use = await ca.useLeaf(service);
    return use.leaf;
  };
  return {
    store,
    clock,
    runtime,
    ca,
    leaf,
    put: (config) => ca.setConfiguration({ provider: 'consul', config, state: null, forceWithoutCrossSigning: false }),
    activeRoot: () => {
      const root = ca.roots().find(({ active }) => active);
      assert.ok(root);
      return root;
    },
    verify: ({ chain: chainPem, key, spiffeId }) =>
      verifyLeaf({ chainPem, roots: ca.roots().map(({ rootCert }) => rootCert), key, spiffeId, now: clock.now() }),
    changeOf: (service, since) => store.waitForChange([topic.leaf(service)], since, AbortSignal.timeout(10_000)),
    advanceAndSign: async (ms) => {
      await clock.advance(ms);
      await generateKey(); // whatever was begun before this is through
      await clock.advance(0);
    },
    [Symbol.asyncDispose]: async () => {
      await ca.close();
      store.close();
    },
  };
}

async function foreignRoot(now = start, kind?: KeyKind): Promise<{ RootCert: string; PrivateKey: string }> {
  const key = await generateKey(kind);
  const RootCert = await makeRoot({ trustDomain: 'elsewhere.example', key, serial: 77, now });
  return { RootCert, PrivateKey: formatPrivateKey(key).reveal() };
}

/** Its time can also be set, as an operator or a suspended machine does: nobody wakes from that. Waits for a turn pass by themselves. */
class JumpingClock extends FakeClock {
  #offset = 0;

  override now(): number {
    return super.now() + this.#offset;
  }

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms > 500) return super.sleep(ms, signal);
    this.jump(ms);
    return new Promise((resolve) => setImmediate(resolve));
  }

  jump(ms: number): void {
    this.#offset += ms;
  }
}

/** Keeps what is committed, for a second store, and can be full. */
function keepingStorage(): Storage & { isFull: boolean } {
  const rows = new Map<string, StoredRow>();
  let revision = 0;
  return {
    isFull: false,
    load: () => ({ revision, rows: [...rows.values()] }),
    commit(batch: Batch) {
      if (this.isFull) throw new Error('disk full');
      revision = batch.revision;
      for (const row of batch.puts) rows.set(`${row.table}\0${row.key}`, JSON.parse(JSON.stringify(row)));
      for (const { table, key } of batch.deletes) rows.delete(`${table}\0${key}`);
    },
    close: () => undefined,
  };
}
