import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../base/index.ts';
import { fuzzRuns, mutated, outcomeOf } from '../testing/fuzz.ts';
import { testRuntime } from '../testing/index.ts';
import { parseAgentAddress } from './address.ts';
import { ApiError } from './api-error.ts';
import { createClient } from './client.ts';
import { clientOptionsFrom, type Setting } from './environment.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-environment-'));
after(() => rmSync(folder, { recursive: true }));

const addresses: ReadonlyArray<[env: Record<string, string>, address: string]> = [
  [{}, '127.0.0.1:8500'],
  [{ CONSUL_HTTP_ADDR: '' }, '127.0.0.1:8500'],
  [{ CONSUL_HTTP_ADDR: '10.0.0.1:80' }, '10.0.0.1:80'],
  [{ CONSUL_HTTP_ADDR: 'unix:///run/consul.sock', CONSUL_HTTP_SSL: 'true' }, 'unix:///run/consul.sock'],
  [{ CONSUL_HTTP_ADDR: '10.0.0.1:80', CONSUL_HTTP_SSL: '1' }, 'https://10.0.0.1:80'],
  [{ CONSUL_HTTP_ADDR: 'http://10.0.0.1:80', CONSUL_HTTP_SSL: 'T' }, 'https://10.0.0.1:80'],
  [{ CONSUL_HTTP_ADDR: 'https://10.0.0.1:80', CONSUL_HTTP_SSL: 'false' }, 'https://10.0.0.1:80'],
];

for (const [env, address] of addresses) {
  test(`the agent is at ${address} for ${JSON.stringify(env)}`, () => {
    assert.equal(clientOptionsFrom(env).address, address);
  });
}

const tokens: ReadonlyArray<[title: string, env: Record<string, string>, said: Record<string, string>, token: string]> =
  [
    ['one from the environment', { CONSUL_HTTP_TOKEN: 'env' }, {}, 'env'],
    [
      'a file before a token, from the same place',
      { CONSUL_HTTP_TOKEN: 'env', CONSUL_HTTP_TOKEN_FILE: 'e' },
      {},
      'in e',
    ],
    ['what was said before the environment', { CONSUL_HTTP_TOKEN: 'env' }, { token: 'said' }, 'said'],
    ['a file that was said before all', { CONSUL_HTTP_TOKEN: 'env' }, { token: 'said', tokenFile: 's' }, 'in s'],
  ];

for (const [title, env, said, token] of tokens) {
  test(`the token is ${title}`, () => {
    for (const name of ['e', 's']) writeFileSync(join(folder, name), `in ${name}\n`);
    const inFolder = { ...env, ...(env['CONSUL_HTTP_TOKEN_FILE'] && { CONSUL_HTTP_TOKEN_FILE: join(folder, 'e') }) };
    const given = Object.entries(said).map(([setting, value]) => {
      return [setting as Setting, { value: setting === 'tokenFile' ? join(folder, value) : value, place: '-x' }];
    });
    assert.equal(clientOptionsFrom(inFolder, Object.fromEntries(given)).token?.()?.reveal(), token);
  });
}

test('a token file is read again when it has changed, and kept while it is away', () => {
  const file = join(folder, 'token');
  writeFileSync(file, 'first');
  const token = clientOptionsFrom({ CONSUL_HTTP_TOKEN_FILE: file }).token ?? assert.fail();
  assert.equal(token()?.reveal(), 'first');
  writeFileSync(file, 'second');
  utimesSync(file, 1, 1);
  assert.equal(token()?.reveal(), 'second');
  rmSync(file);
  assert.equal(token()?.reveal(), 'second');
});

const refused: ReadonlyArray<[env: Record<string, string>, message: RegExp]> = [
  [{ CONSUL_HTTP_ADDR: 'ftp://x' }, /^Unknown protocol scheme: ftp$/],
  [{ CONSUL_HTTP_SSL: 'yes' }, /^CONSUL_HTTP_SSL: expected true or false, found "yes"$/],
  [{ CONSUL_CACERT: '/nowhere' }, /^CONSUL_CACERT: .*\/nowhere/],
  [{ CONSUL_HTTP_TOKEN_FILE: '/nowhere' }, /^CONSUL_HTTP_TOKEN_FILE: .*\/nowhere/],
  [{ CONSUL_CLIENT_CERT: '/nowhere' }, /^CONSUL_CLIENT_CERT: certificate and key are needed together$/],
];

for (const [env, message] of refused) {
  test(`${JSON.stringify(env)} is refused, and the place is named`, () => {
    assert.throws(() => clientOptionsFrom(env), { name: 'InputError', message });
  });
}

const damagedAddress = mutated([
  ...['127.0.0.1:8500', 'http://localhost:80', 'https://consul.example:8501/mesh/', '[::1]:8501'],
  ...['unix:///run/consul/http.sock', 'HTTP://h', 'http://u:p@h:1'],
]);

test('any text for an address is one that can be asked, or is refused', () => {
  const useTls = fc.constantFrom('', 'true', 'false', 'T', 'x');
  fc.assert(
    fc.property(
      fc.oneof(damagedAddress, fc.string({ unit: 'binary' })),
      useTls,
      (CONSUL_HTTP_ADDR, CONSUL_HTTP_SSL) => {
        const read = () => parseAgentAddress(clientOptionsFrom({ CONSUL_HTTP_ADDR, CONSUL_HTTP_SSL }).address);
        const address = outcomeOf(read, InputError);
        if (address?.scheme === 'unix') assert.match(address.path, /^[^\0]+$/);
        else if (address !== undefined) {
          assert.match(`${address.host}${address.prefix}`, /^[\x21-\x7e]+$/, 'nothing that ends a line or a word');
          assert.ok(address.port >= 0 && address.port <= 65_535);
        }
      },
    ),
    { numRuns: fuzzRuns(2_000) },
  );
});

test('no text in the environment adds a header or a request to those that are sent', { timeout: 60_000 }, async () => {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const smuggled = [
    'x\r\nX-Evil: 1',
    'x\nX-Evil: 1',
    'x HTTP/1.1\r\nX-Evil: 1\r\n\r\nGET /evil HTTP/1.1\r\n\r\n',
    'secret',
  ];
  const text = fc.oneof(mutated(smuggled), fc.string({ unit: 'binary' }), fc.constantFrom(...smuggled));
  const environment = fc.record(
    {
      CONSUL_HTTP_ADDR: fc.oneof(
        fc.constant(address),
        text.map((path) => `${address}/${path}`),
      ),
      CONSUL_HTTP_TOKEN: text,
      CONSUL_HTTP_AUTH: text,
      CONSUL_TLS_SERVER_NAME: text,
    },
    { requiredKeys: ['CONSUL_HTTP_ADDR'] },
  );
  try {
    await fc.assert(
      fc.asyncProperty(environment, text, async (env, datacenter) => {
        seen.length = 0;
        const options = outcomeOf(() => clientOptionsFrom(env), InputError);
        if (options === undefined) return;
        const client = outcomeOf(() => createClient({ ...options, datacenter, runtime: testRuntime() }), InputError);
        if (client === undefined) return;
        await client
          .catalogService('web')
          .catch((error: unknown) => assert.ok(error instanceof ApiError, String(error)));
        await client.close();
        assert.ok(seen.length <= 1);
        const allowed = ['host', 'accept', 'x-consul-token', 'authorization', 'connection'];
        for (const { headers, url } of seen) {
          assert.deepEqual(
            Object.keys(headers).filter((name) => !allowed.includes(name)),
            [],
          );
          assert.match(url ?? '', /\/v1\/catalog\/service\/web/);
        }
      }),
      { numRuns: fuzzRuns(300) },
    );
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});
