import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { HttpError, startHttpServer } from '../../http/index.ts';
import { formatPrivateKey, generateKey } from '../../issuing/index.ts';
import { testRuntime } from '../../testing/test-runtime.ts';
import { type Authorizer, mayEverything } from '../acl/authorizer.ts';
import { type CaOptions, startCa } from '../ca/ca.ts';
import { memoryStorage } from '../persist/storage.ts';
import { Store } from '../state/store.ts';
import { caRoutes } from './ca-routes.ts';

const roots = '/v1/agent/connect/ca/roots';
const leaf = '/v1/agent/connect/ca/leaf';
const configuration = '/v1/connect/ca/configuration';

test('the roots have every member that Consul’s have, first from nowhere and then from the cache', async () => {
  await using agent = await start();
  const first = await agent.get(roots);
  assert.deepEqual(Object.keys(first.json), ['ActiveRootID', 'TrustDomain', 'Roots']);
  const [root] = first.json.Roots;
  assert.deepEqual(Object.keys(root), [
    'ID',
    'Name',
    'SerialNumber',
    'SigningKeyID',
    'ExternalTrustDomain',
    'NotBefore',
    'NotAfter',
    'RootCert',
    'IntermediateCerts',
    'Active',
    'PrivateKeyType',
    'PrivateKeyBits',
    'CreateIndex',
    'ModifyIndex',
  ]);
  assert.equal(root.ID, new X509Certificate(root.RootCert).fingerprint.toLowerCase());
  assert.match(root.SigningKeyID, /^(?:[0-9a-f]{2}:){31}[0-9a-f]{2}$/);
  assert.match(root.NotBefore, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.equal(root.IntermediateCerts, null);
  assert.deepEqual(first.consul, { cache: 'MISS', age: null, leader: 'false', contact: '0' });
  assert.deepEqual((await agent.get(roots)).consul, { cache: 'HIT', age: '0', leader: 'false', contact: '0' });
  const fromServer = await agent.get('/v1/connect/ca/roots');
  assert.deepEqual(fromServer.consul, { cache: null, age: null, leader: 'false', contact: '0' });
  assert.deepEqual(fromServer.json, first.json);
});

test('the roots come as PEM on request', async () => {
  await using agent = await start();
  for (const query of ['pem', 'pem=true', 'pem=1']) {
    const answer = await agent.get(`/v1/connect/ca/roots?${query}`);
    assert.equal(answer.headers.get('content-type'), 'application/pem-certificate-chain');
    assert.equal(answer.text, (await agent.get(roots)).json.Roots[0].RootCert);
  }
  assert.equal((await agent.get('/v1/connect/ca/roots?pem=false')).json.Roots.length, 1);
  assert.equal((await agent.get('/v1/connect/ca/roots?pem=maybe')).status, 400);
});

test('a leaf comes with its key and without the headers of a server', async () => {
  await using agent = await start();
  const first = await agent.get(`${leaf}/web`);
  assert.deepEqual(Object.keys(first.json), [
    'SerialNumber',
    'CertPEM',
    'PrivateKeyPEM',
    'Service',
    'ServiceURI',
    'ValidAfter',
    'ValidBefore',
    'CreateIndex',
    'ModifyIndex',
  ]);
  const certificate = new X509Certificate(first.json.CertPEM);
  assert.ok(certificate.checkPrivateKey(createPrivateKey(first.json.PrivateKeyPEM)));
  assert.match(first.json.PrivateKeyPEM, /^-----BEGIN EC PRIVATE KEY-----/);
  assert.equal(certificate.subjectAltName, `URI:${first.json.ServiceURI}`);
  assert.equal(Date.parse(first.json.ValidAfter), certificate.validFromDate.getTime());
  assert.equal(first.headers.get('x-consul-index'), String(first.json.ModifyIndex));
  assert.deepEqual(first.consul, { cache: 'MISS', age: null, leader: null, contact: null });
  const again = await agent.get(`${leaf}/web`);
  assert.deepEqual(again.json, first.json);
  assert.deepEqual(again.consul, { cache: 'HIT', age: '0', leader: null, contact: null });
});

test('a leaf query blocks for as long as was asked', async () => {
  await using agent = await start();
  const { ModifyIndex } = (await agent.get(`${leaf}/web`)).json;
  const began = performance.now();
  const answer = await agent.get(`${leaf}/web?index=${ModifyIndex}&wait=200ms`);
  assert.ok(performance.now() - began >= 195);
  assert.equal(answer.consul.cache, 'MISS');
  assert.equal(answer.json.ModifyIndex, ModifyIndex);
});

test('a rotation answers blocked roots queries at once, and the blocked leaf query when its leaf follows', async () => {
  await using agent = await start({}, 0.02); // a jitter of 0.6 seconds
  const before = (await agent.get(`${leaf}/web`)).json;
  const rootsIndex = (await agent.get(roots)).headers.get('x-consul-index');
  const blockedRoots = agent.get(`${roots}?index=${rootsIndex}&wait=60s`);
  const blockedLeaf = agent.get(`${leaf}/web?index=${before.ModifyIndex}&wait=60s`);
  const PrivateKey = formatPrivateKey(await generateKey()).reveal();
  const put = await agent.put(configuration, { Provider: 'consul', Config: { PrivateKey, LeafCertTTL: '72h' } });
  assert.deepEqual([put.status, put.text], [200, '']);

  const after = (await blockedRoots).json;
  assert.deepEqual(
    after.Roots.map(({ Active, ID }: { Active: boolean; ID: string }) => Active === (ID === after.ActiveRootID)),
    [true, true],
  );
  const active = after.Roots.find(({ Active }: { Active: boolean }) => Active);
  assert.equal(active.IntermediateCerts.length, 1);
  const renewed = (await blockedLeaf).json;
  assert.ok(renewed.ModifyIndex > before.ModifyIndex);
  assert.equal(renewed.CertPEM.match(/BEGIN CERTIFICATE/g).length, 2);
  assert.ok(renewed.CertPEM.endsWith(active.IntermediateCerts[0]));

  const shown = (await agent.get(configuration)).json;
  assert.deepEqual(shown.Config, { LeafCertTTL: '72h' }, 'the key never comes back');
});

for (const [request, status, text] of [
  [`${leaf}/`, 500, 'URI must be either service or agent'],
  [`${leaf}/a%2Fb`, 400, 'the service name "a/b" has a "/", and no certificate can carry it'],
  [`${leaf}/web?index=xyz`, 400, 'Invalid index'],
  [`${leaf}/web?index=1&wait=abc`, 400, 'Invalid wait time'],
  [`${leaf}/web?dc=other`, 500, 'No path to datacenter'],
  [`${roots}?index=9&wait=abc`, 400, 'Invalid wait time'],
  [`${roots}?index=xyz`, 400, 'Invalid index'],
] as const) {
  test(`GET ${request} is ${status} ${text}`, async () => {
    await using agent = await start();
    const answer = await agent.get(request);
    assert.deepEqual([answer.status, answer.text], [status, text]);
    assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
  });
}

test('names may hold spaces', async () => {
  await using agent = await start();
  assert.match((await agent.get(`${leaf}/Web%20api`)).json.ServiceURI, /\/svc\/Web%20api$/);
});

test('beyond the signing limit the answer is 429', async () => {
  await using agent = await start({ config: { CSRMaxPerSecond: 0.01 } });
  assert.equal((await agent.get(`${leaf}/web`)).status, 200);
  const refused = await agent.get(`${leaf}/api`);
  assert.deepEqual([refused.status, refused.text], [429, 'Rate limit reached, try again later']);
  assert.equal((await agent.get(`${leaf}/web`)).status, 200);
});

test('the configuration of a fresh agent', async () => {
  await using agent = await start();
  const { json, headers } = await agent.get(configuration);
  const { CreateIndex, ModifyIndex, ...rest } = json;
  assert.ok(CreateIndex > 0 && CreateIndex === ModifyIndex);
  assert.deepEqual(rest, {
    Provider: 'consul',
    Config: { IntermediateCertTTL: '8760h', LeafCertTTL: '72h', RotationPeriod: '2160h' },
    State: null,
    ForceWithoutCrossSigning: false,
  });
  assert.equal(headers.get('x-consul-index'), null);
});

for (const [body, status, text] of [
  [
    { Provider: 'consul', Config: { LeafCertTTL: '10s' } },
    500,
    'error configuring provider: leaf cert TTL must be greater or equal than 1h0m0s',
  ],
  [{ Provider: 'nope', Config: {} }, 500, 'could not initialize provider: unknown CA provider "nope"'],
  [{}, 500, 'could not initialize provider: unknown CA provider ""'],
  [{ Provider: 'consul', Bogus: 1 }, 400, 'Request decode failed: json: unknown field "Bogus"'],
  ['', 400, 'Request decode failed: EOF'],
] as const) {
  test(`PUT ${JSON.stringify(body)} is ${status} ${text}`, async () => {
    await using agent = await start();
    const answer = await agent.put(configuration, body);
    assert.deepEqual([answer.status, answer.text], [status, text]);
  });
}

test('what was read can be written back as it is, large numbers too', async () => {
  await using agent = await start();
  const Config = '{"IntermediateCertTTL":31536000000000001,"LeafCertTTL":"48h"}';
  assert.equal((await agent.put(configuration, `{"Provider":"consul","Config":${Config}}`)).status, 200);
  const { text } = await agent.get(configuration);
  assert.ok(text.includes(Config), text);
  assert.equal((await agent.put(configuration, text)).status, 200);
  assert.equal((await agent.get(configuration)).text, text);
  assert.equal((await agent.get(roots)).json.Roots.length, 1);
});

test('a leaf goes to those only who may write its service, cached or not, and while they wait', async () => {
  await using agent = await start();
  const { ModifyIndex } = (await agent.get(`${leaf}/web`)).json;
  agent.authorizer = { ...mayEverything, mayWriteService: (name) => name === 'api' };
  const refused = await agent.get(`${leaf}/web`);
  assert.deepEqual([refused.status, refused.text], [403, 'Permission denied: Missing service:write on web']);
  assert.equal((await agent.get(`${leaf}/api`)).status, 200);
  assert.equal((await agent.get(`${leaf}/API`)).status, 403, 'another spelling is another name');

  agent.authorizer = mayEverything;
  const waiting = agent.get(`${leaf}/web?index=${ModifyIndex}&wait=300ms`);
  await agent.asked();
  agent.authorizer = { ...mayEverything, mayWriteService: () => false };
  assert.equal((await waiting).status, 403);

  agent.authorizer = new HttpError(403, 'ACL not found');
  const unknown = await agent.get(`${leaf}/web`);
  assert.deepEqual([unknown.status, unknown.text], [403, 'ACL not found']);
  assert.equal((await agent.get(roots)).status, 200, 'the roots are for everybody');
});

test('the configuration is for operators', async () => {
  await using agent = await start();
  agent.authorizer = { ...mayEverything, mayReadOperator: () => false };
  assert.equal((await agent.get(configuration)).status, 403);
  agent.authorizer = { ...mayEverything, mayWriteOperator: () => false };
  assert.equal((await agent.get(configuration)).status, 200);
  const refused = await agent.put(configuration, { Provider: 'consul', Config: {} });
  assert.deepEqual([refused.status, refused.text], [403, 'Permission denied: Missing operator:write']);
});

interface Answer {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, looked at by the tests
  readonly json: any;
  readonly headers: Headers;
  readonly consul: Readonly<Record<'cache' | 'age' | 'leader' | 'contact', string | null>>;
}

interface Agent extends AsyncDisposable {
  /** Who everybody is; an error for who is unknown. */
  authorizer: Authorizer | HttpError;
  get(path: string): Promise<Answer>;
  put(path: string, body: object | string): Promise<Answer>;
  /** Resolves when the next question about a permission has been put. */
  asked(): Promise<void>;
}

async function start(options: Partial<CaOptions> = {}, chance?: number): Promise<Agent> {
  const runtime = testRuntime(chance === undefined ? {} : { random: () => chance });
  const store = new Store(memoryStorage());
  const ca = await startCa({ store, runtime, datacenter: 'dc1', ...options });
  let whenAsked = (): void => undefined;
  const context = {
    store,
    runtime,
    datacenter: 'dc1',
    nodeName: 'node-1',
    intentionDefault: { allow: true, reason: '' },
    defaultPolicy: 'allow',
    authorizerFor: () => mayEverything,
    authorizerOf: () => {
      setImmediate(whenAsked);
      if (agent.authorizer instanceof HttpError) throw agent.authorizer;
      return agent.authorizer;
    },
    tokenOf: () => '',
  } as const;
  const server = await startHttpServer(
    { routes: caRoutes(context, ca), listen: { host: '127.0.0.1', port: 0 } },
    runtime,
  );
  const { port } = server.address as { port: number };
  const ask = async (method: string, path: string, body?: object | string): Promise<Answer> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const { headers, status } = response;
    const isJson = headers.get('content-type') === 'application/json';
    const consul = {
      cache: headers.get('x-cache'),
      age: headers.get('age'),
      leader: headers.get('x-consul-knownleader'),
      contact: headers.get('x-consul-lastcontact'),
    };
    return { status, text, headers, consul, json: isJson ? JSON.parse(text) : undefined };
  };
  const agent: Agent = {
    authorizer: mayEverything,
    get: (path) => ask('GET', path),
    put: (path, body) => ask('PUT', path, body),
    asked: () =>
      new Promise((resolve) => {
        whenAsked = resolve;
      }),
    [Symbol.asyncDispose]: async () => {
      await server.close({ signal: AbortSignal.abort() });
      await ca.close();
      store.close();
    },
  };
  return agent;
}
