import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { FakeClock } from '../mesh/fake-clock.ts';
import { splitCertificates } from '../pki/index.ts';
import { crossSign, issueLeaf, leafName, makeRoot, readIssuer, signingKeyIdOf } from './certificate.ts';
import { generateKey, type KeyKind, parsePrivateKey, publicKeyInfoOf } from './key.ts';
import { createThrowawayCa } from './throwaway-ca.ts';

const now = Date.parse('2026-11-23T03:02:52.750Z');
const someKey = await generateKey();
const trustDomain = 'b1474349-d4b9-4002-5516-91279783887e.consul';

test('what is made ahead of the time of its verifiers is good for them already, and ends when it would anyway', async () => {
  const peersNow = now - 30 * 86_400_000;
  const made = { trustDomain, serial: 1, now, key: someKey };
  const root = await makeRoot({ ...made, peersNow });
  const issuer = readIssuer(root, someKey);
  const publicKeyInfo = publicKeyInfoOf(someKey);
  const leaf = { issuer, publicKeyInfo, commonName: 'web', uriSans: [`spiffe://${trustDomain}`], serial: 2, now };
  const [usual, early] = [
    await issueLeaf({ ...leaf, ttl: 3_600_000 }),
    await issueLeaf({ ...leaf, ttl: 3_600_000, peersNow }),
  ];
  for (const pem of [root, early.pem, await crossSign({ issuer, root, serial: 3, now, peersNow })])
    assert.ok(new X509Certificate(pem).validFromDate.getTime() <= peersNow);
  assert.deepEqual({ ...early, pem: '' }, { ...usual, pem: '' });
  assert.equal(new X509Certificate(early.pem).validTo, new X509Certificate(usual.pem).validTo);
});

test('root, leaf and cross-signed root say what those of Consul 1.10 say', async () => {
  const ca = await createThrowawayCa({ trustDomain, clock: new FakeClock(now) });
  const [old = ''] = ca.roots.certificates;
  await ca.rotate();
  const [leaf = '', crossSigned = ''] = splitCertificates((await ca.issue('Web')).chain);
  const root = ca.roots.certificates[1] ?? '';

  const [oldName, rootName] = [new X509Certificate(old).subject, new X509Certificate(root).subject];
  assert.match(rootName, /^CN=pri-[0-9a-z]{8}\.consul\.ca\.b1474349\.consul$/);
  assert.notEqual(oldName, rootName);
  const sha256 = (pem: string): string => keyIdOf(createPublicKey(pem).export({ type: 'spki', format: 'der' }));

  assert.deepEqual(await describe(root), {
    serial: '2',
    issuer: rootName,
    subject: rootName,
    from: 'Nov 23 03:02:52 2026 GMT',
    to: 'Nov 23 03:02:52 2036 GMT',
    signature: 'ecdsa-with-SHA256',
    extensions: [
      'X509v3 Key Usage: critical | Digital Signature, Certificate Sign, CRL Sign',
      'X509v3 Basic Constraints: critical | CA:TRUE',
      `X509v3 Subject Key Identifier: | ${sha256(root)}`,
      `X509v3 Authority Key Identifier: | ${sha256(root)}`,
      `X509v3 Subject Alternative Name: | URI:spiffe://${trustDomain}`,
    ],
  });
  assert.deepEqual(await describe(crossSigned), {
    serial: '3',
    issuer: oldName,
    subject: rootName,
    from: 'Nov 23 03:01:52 2026 GMT',
    to: 'Nov 30 03:01:52 2026 GMT',
    signature: 'ecdsa-with-SHA256',
    extensions: [
      'X509v3 Key Usage: critical | Digital Signature, Certificate Sign, CRL Sign',
      'X509v3 Basic Constraints: critical | CA:TRUE',
      `X509v3 Subject Key Identifier: | ${sha256(root)}`,
      `X509v3 Authority Key Identifier: | ${sha256(old)}`,
      `X509v3 Subject Alternative Name: | URI:spiffe://${trustDomain}`,
    ],
  });
  assert.deepEqual(await describe(leaf), {
    serial: '4',
    issuer: rootName,
    subject: 'CN=web.svc.default.b1474349.consul',
    from: 'Nov 23 03:01:52 2026 GMT',
    to: 'Nov 26 03:01:52 2026 GMT',
    signature: 'ecdsa-with-SHA256',
    extensions: [
      'X509v3 Key Usage: critical | Digital Signature, Key Encipherment, Data Encipherment, Key Agreement',
      'X509v3 Extended Key Usage: | TLS Web Client Authentication, TLS Web Server Authentication',
      'X509v3 Basic Constraints: critical | CA:FALSE',
      `X509v3 Subject Key Identifier: | ${sha256(leaf)}`,
      `X509v3 Authority Key Identifier: | ${sha256(root)}`,
      `X509v3 Subject Alternative Name: | URI:spiffe://${trustDomain}/ns/default/dc/dc1/svc/Web`,
    ],
  });
});

const kinds: readonly KeyKind[] = [
  { type: 'ec', bits: 256 },
  { type: 'ec', bits: 384 },
  { type: 'ec', bits: 521 },
  { type: 'rsa', bits: 2_048 },
  { type: 'rsa', bits: 4_096 },
];

for (const keyKind of kinds) {
  test(`with a CA key ${keyKind.type} ${keyKind.bits}, OpenSSL verifies strictly before and after a rotation`, async () => {
    using folder = new Folder();
    const ca = await createThrowawayCa({ keyKind });
    const before = await ca.issue('web');
    await ca.rotate();
    const [oldRoot = '', newRoot = ''] = ca.roots.certificates;
    const after = await ca.issue('web');
    const [leaf = '', crossSigned = ''] = splitCertificates(after.chain);
    await folder.verifies(before.chain, { root: oldRoot });
    await folder.verifies(leaf, { root: newRoot });
    await folder.verifies(leaf, { root: oldRoot, untrusted: crossSigned });
    await assert.rejects(folder.verifies(leaf, { root: oldRoot }), /unable to get local issuer/);
  });
}

for (const keyKind of kinds) {
  test(`peers with keys ${keyKind.type} ${keyKind.bits} shake hands`, async () => {
    const ca = await createThrowawayCa();
    const [web, api] = await Promise.all([ca.issue('web', { keyKind }), ca.issue('api', { keyKind })]);
    const settings = { ca: [...ca.roots.certificates], checkServerIdentity: () => undefined };
    const server = tls.createServer({ ...settings, cert: api.chain, key: api.key.reveal(), requestCert: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const accepted = once(server, 'secureConnection') as Promise<[tls.TLSSocket]>;
    const client = tls.connect({ ...settings, port, host: '127.0.0.1', cert: web.chain, key: web.key.reveal() });
    await once(client, 'secureConnect');
    const [peer] = await accepted;
    assert.equal(peer.getPeerX509Certificate()?.subjectAltName, `URI:${web.spiffeId}`);
    assert.equal(client.getPeerX509Certificate()?.subjectAltName, `URI:${api.spiffeId}`);
    client.destroy();
    peer.destroy();
    server.close();
    await once(server, 'close');
  });
}

test('a root from elsewhere signs, with its own key identifier and a name of several parts', async () => {
  using folder = new Folder();
  const { root, key } = folder.makeForeignRoot();
  const issuer = readIssuer(root, key);
  assert.equal(issuer.keyId.length, 40, 'SHA-1, as OpenSSL makes it');
  assert.equal(signingKeyIdOf(root).replaceAll(':', ''), issuer.keyId);
  const leaf = await issueLeaf({
    issuer,
    publicKeyInfo: publicKeyInfoOf(await generateKey()),
    commonName: 'web',
    uriSans: ['spiffe://x.consul/ns/default/dc/dc1/svc/web'],
    serial: 1,
    now: Date.now(),
    ttl: 3_600_000,
  });
  await folder.verifies(leaf.pem, { root });
});

test('a root from elsewhere is vouched for by the one before', async () => {
  using folder = new Folder();
  const { root, key } = folder.makeForeignRoot();
  const old = await issuerOf('ec');
  const crossSigned = await crossSign({ issuer: old, root, serial: 9, now: Date.now() });
  const issuer = readIssuer(root, key);
  const wanted = { commonName: 'web', uriSans: ['spiffe://x.consul/ns/default/dc/dc1/svc/web'], serial: 1 };
  const publicKeyInfo = publicKeyInfoOf(await generateKey());
  const leaf = await issueLeaf({ ...wanted, issuer, publicKeyInfo, now: Date.now(), ttl: 3_600_000 });
  await folder.verifies(leaf.pem, { root: old.certificate, untrusted: crossSigned });
});

test('no leaf outlives its root', async () => {
  const issuer = await issuerOf('ec');
  const ttl = 20 * 365 * 86_400_000;
  const wanted = { issuer, publicKeyInfo: publicKeyInfoOf(await generateKey()), commonName: 'web', uriSans: [] };
  const leaf = await issueLeaf({ ...wanted, dnsSans: ['web'], serial: 1, now: Date.now(), ttl });
  assert.equal(leaf.notAfter, issuer.notAfter);
});

test('a life that is shorter than ten minutes begins less than a minute ago', async () => {
  const issuer = await issuerOf('ec');
  const wanted = { issuer, publicKeyInfo: publicKeyInfoOf(await generateKey()), commonName: 'web', uriSans: [] };
  const leaf = await issueLeaf({ ...wanted, dnsSans: ['web'], serial: 1, now, ttl: 10_000 });
  assert.deepEqual(
    [leaf.notBefore, leaf.notAfter],
    [Date.parse('2026-11-23T03:02:51Z'), Date.parse('2026-11-23T03:03:01Z')],
  );
});

test('a key is no issuer with the certificate of another', async () => {
  const { certificate } = await issuerOf('ec');
  assert.throws(() => readIssuer(certificate, someKey), /does not belong/);
});

test('a leaf is no issuer', async () => {
  const ca = await createThrowawayCa();
  const { chain, key } = await ca.issue('web');
  assert.throws(() => readIssuer(chain, parsePrivateKey(key)), /is not a CA/);
});

for (const serial of [0, -1, 1.5, 2 ** 60]) {
  test(`${serial} is no serial number`, async () => {
    await assert.rejects(makeRoot({ trustDomain, key: someKey, serial, now }), /is no serial number/);
  });
}

for (const serial of [1, 0x7f, 0x80, 0xff, 0x8000, Number.MAX_SAFE_INTEGER]) {
  test(`serial number ${serial} stays positive`, async () => {
    const root = new X509Certificate(await makeRoot({ trustDomain, key: someKey, serial, now }));
    assert.equal(BigInt(`0x${root.serialNumber}`), BigInt(serial));
  });
}

for (const [service, name] of [
  ['web', 'web.svc.default.b1474349.consul'],
  ['Web_API 2', 'webapi2.svc.default.b1474349.consul'],
  ['x'.repeat(100), 'x'.repeat(64)],
] as const) {
  test(`the subject of ${service}'s leaf is ${name}`, () => {
    assert.equal(leafName(service, 'default', trustDomain), name);
  });
}

async function issuerOf(type: KeyKind['type']) {
  const key = await generateKey({ type, bits: type === 'ec' ? 256 : 2_048 });
  return readIssuer(await makeRoot({ trustDomain, key, serial: 1, now: Date.now() }), key);
}

function keyIdOf(publicKeyInfo: Buffer): string {
  const hex = execFileSync('openssl', ['dgst', '-sha256', '-r'], { input: publicKeyInfo }).toString().slice(0, 64);
  return hex.toUpperCase().match(/../g)?.join(':') ?? '';
}

/** What OpenSSL prints of a certificate, in short. */
async function describe(pem: string): Promise<Record<string, unknown>> {
  using folder = new Folder();
  const file = folder.write(pem);
  const { stdout } = await promisify(execFile)('openssl', ['x509', '-in', file, '-noout', '-text']);
  const find = (pattern: RegExp): string => pattern.exec(stdout)?.[1]?.trim().replaceAll(' = ', '=') ?? '';
  const lines = stdout.slice(stdout.indexOf('X509v3 extensions:')).split('\n');
  const extensions: string[] = [];
  for (const [at, line] of lines.entries()) {
    if (/^ {12}X509v3 /.test(line)) extensions.push(`${line.trim()} | ${lines[at + 1]?.trim()}`);
  }
  return {
    serial: find(/Serial Number: (\d+)/),
    issuer: find(/Issuer: (.*)/),
    subject: find(/Subject: (.*)/),
    from: find(/Not Before: (.*)/),
    to: find(/Not After : (.*)/),
    signature: find(/Signature Algorithm: (.*)/),
    extensions,
  };
}

/** Files for OpenSSL, gone at the end. */
class Folder implements Disposable {
  readonly #path = mkdtempSync(join(tmpdir(), 'fairlead-issuing-'));
  #count = 0;

  write(text: string): string {
    this.#count += 1;
    const file = join(this.#path, `${this.#count}.pem`);
    writeFileSync(file, text);
    return file;
  }

  async verifies(leaf: string, { root, untrusted }: { root: string; untrusted?: string }): Promise<void> {
    const chain = untrusted === undefined ? [] : ['-untrusted', this.write(untrusted)];
    await promisify(execFile)('openssl', [
      'verify',
      '-x509_strict',
      '-CAfile',
      this.write(root),
      ...chain,
      this.write(leaf),
    ]);
  }

  makeForeignRoot() {
    const [key, root] = [join(this.#path, 'key.pem'), join(this.#path, 'root.pem')];
    const subject = '/C=DE/O=Müller, Söhne + Co/OU="Netz"/CN=Root \\+1';
    const flags = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-utf8', '-days', '30'];
    const extensions = ['-addext', 'keyUsage=critical,digitalSignature,keyCertSign,cRLSign'];
    execFileSync('openssl', ['req', ...flags, '-subj', subject, ...extensions, '-keyout', key, '-out', root], {
      stdio: 'ignore',
    });
    return { root: readFileSync(root, 'utf8'), key: createPrivateKey(readFileSync(key)) };
  }

  [Symbol.dispose](): void {
    rmSync(this.#path, { recursive: true });
  }
}
