import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
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
