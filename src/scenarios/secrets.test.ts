/** The CA's private key and tokens: in no answer, no error and no line of the log, whatever is asked; at rest for their owner alone. */

import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startAgent } from '../agent/index.ts';
import type { Log } from '../base/index.ts';
import { testRuntime } from '../testing/index.ts';
import { ask } from './replay/http.ts';

const root = 'a-token-for-everything';
const wrongToken = 'a-token-that-nobody-knows';
const configuration = '/v1/connect/ca/configuration';

const readable = [
  ...[configuration, '/v1/connect/ca/roots', '/v1/connect/ca/roots?pem=true', '/v1/agent/connect/ca/roots'],
  ...['/v1/agent/self', '/v1/agent/members', '/v1/agent/services', '/v1/agent/checks', '/v1/agent/service/web'],
  ...['/v1/catalog/nodes', '/v1/catalog/services', '/v1/catalog/service/web', '/v1/health/service/web'],
  ...['/v1/acl/tokens', '/v1/acl/policies', '/v1/acl/roles', '/v1/acl/replication'],
  ...['/v1/connect/intentions', '/v1/config/service-intentions', '/v1/operator/raft/configuration', '/v1/nothing'],
];

test('the private key of the CA leaves by no door and stands in no line', async () => {
  await using watched = await startWatched();
  const { send } = watched;
  const pem = newKey();
  const put = (body: unknown): Promise<number> =>
    send('PUT', configuration, root, typeof body === 'string' ? body : JSON.stringify(body));
  const config = (members: object): object => ({ Provider: 'consul', Config: members });
  assert.equal(await put(config({ PrivateKey: pem })), 200);

  const certificate = await watched.rootCertificate();
  const bad: readonly unknown[] = [
    pem,
    JSON.stringify(pem),
    JSON.stringify(config({ PrivateKey: pem })).slice(0, -2),
    JSON.stringify(config({ PrivateKey: pem })).replace('}}', '} x}'),
    config({ PrivateKey: pem.replace('BEGIN', 'BEGUN') }),
    config({ PrivateKey: [pem] }),
    config({ PrivateKey: pem, RootCert: pem }),
    config({ PrivateKey: pem, RootCert: `${certificate}\n${pem}` }),
    config({ PrivateKeyType: pem }),
    config({ LeafCertTTL: pem }),
    config({ Key: pem }),
    { ...config({}), Config: pem },
    { ...config({}), PrivateKey: pem },
    { ...config({}), State: { key: pem } },
  ];
  for (const body of bad) assert.notEqual(await put(body), 200, `taken: ${JSON.stringify(body)}`);
  for (const path of readable) await send('GET', path, root);

  const said = watched.said();
  assert.ok(said.includes(bodyOf(certificate)[0] ?? '-'), 'its certificate is for everybody');
  for (const line of bodyOf(pem)) assert.ok(!said.includes(line), said);
});

test('a token that is not known is in no answer and in no line, however it comes', async () => {
  await using watched = await startWatched();
  const { send } = watched;
  for (const path of readable) {
    await send('GET', path, wrongToken);
    await send('GET', `${path}${path.includes('?') ? '&' : '?'}token=${wrongToken}`, '');
    await send('GET', `${path}${path.includes('?') ? '&' : '?'}index=x&token=${wrongToken}`, '');
  }
  for (const [path, body] of [
    ['/v1/agent/service/register', { Name: 'api', Connect: { SidecarService: { Token: wrongToken } } }],
    ['/v1/agent/service/register', { Name: 'api', Token: [wrongToken] }],
    ['/v1/agent/service/register', { Name: 'api', Token: wrongToken }],
    ['/v1/agent/check/register', { Name: 'c', TTL: 'x', Token: wrongToken }],
    ['/v1/agent/token/default', { Token: [wrongToken] }],
    ['/v1/acl/token', { SecretID: wrongToken }],
  ] as const) {
    await send('PUT', path, root, JSON.stringify(body));
    await send('PUT', path, root, JSON.stringify(body).slice(0, -1));
    await send('PUT', path, wrongToken, JSON.stringify(body));
  }
  for (const path of readable) await send('GET', path, root);
  const said = watched.said();
  for (const token of [wrongToken, root]) assert.ok(!said.includes(token), said);
});

test('at rest both are in files that their owner alone can read', async () => {
  await using watched = await startWatched();
  const modes = async (): Promise<void> => {
    assert.equal((await stat(watched.folder)).mode & 0o777, 0o700);
    for (const file of await readdir(watched.folder))
      assert.equal((await stat(join(watched.folder, file))).mode & 0o777, 0o600, file);
  };
  await modes();
  await watched.stop();
  await modes();
  const files = await readdir(watched.folder);
  const holding = await Promise.all(files.map(async (file) => [file, await readFile(join(watched.folder, file))]));
  assert.deepEqual(
    holding.filter(([, content]) => /PRIVATE KEY|a-token-for-everything/.test(String(content))).map(([file]) => file),
    ['fairlead.db'],
  );
});

interface Watched extends AsyncDisposable {
  readonly folder: string;
  /** Its status. */
  send(method: string, path: string, token: string, body?: string): Promise<number>;
  rootCertificate(): Promise<string>;
  /** All answers and all lines of the log, of every level, so far. */
  said(): string;
  stop(): Promise<void>;
}

async function startWatched(): Promise<Watched> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-secrets-'));
  const said: string[] = [];
  const note = (message: string, fields?: object): void => void said.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { with: () => log, debug: note, info: note, warn: note, error: note };
  const agent = await startAgent(
    {
      dataDir: folder,
      http: [{ host: '127.0.0.1', port: 0 }],
      acl: { enabled: true, defaultPolicy: 'deny', tokens: { initialManagement: root } },
    },
    testRuntime({ log }),
  );
  const request = async (method: string, path: string, token: string, body = '') => {
    const headers: Record<string, string> = token === '' ? {} : { 'X-Consul-Token': token };
    return await ask(agent.address.port, method, path, headers, body);
  };
  const stop = (): Promise<void> => agent.close({ signal: AbortSignal.abort() });
  return {
    folder,
    send: async (method, path, token, body) => {
      const answer = await request(method, path, token, body);
      said.push(`${JSON.stringify([...answer.headers])} ${answer.body.replaceAll('\\n', '\n')}`);
      return answer.status;
    },
    rootCertificate: async () => {
      const { body } = await request('GET', '/v1/connect/ca/roots', root);
      return new X509Certificate(JSON.parse(body).Roots[0].RootCert).toString();
    },
    said: () => said.join('\n'),
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
      await rm(folder, { recursive: true });
    },
  };
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'sec1', format: 'pem' }).toString();
}

/** The lines of a PEM text that are the secret. */
function bodyOf(pem: string): string[] {
  return pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
}
