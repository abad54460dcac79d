import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { noMetrics, type Runtime, silentLog, systemClock } from '../base/index.ts';
import { clientOptions } from './client-options.ts';
import type { Environment } from './command.ts';

const runtime: Runtime = { clock: systemClock, log: silentLog, metrics: noMetrics, random: () => 0 };
type Flags = Parameters<typeof clientOptions>[0];

const addresses: readonly (readonly [flags: Flags, env: Environment, address: string])[] = [
  [{}, {}, '127.0.0.1:8500'],
  [{}, { CONSUL_HTTP_ADDR: 'http://agent:1' }, 'http://agent:1'],
  [{ 'http-addr': 'a:2' }, { CONSUL_HTTP_ADDR: 'http://agent:1' }, 'a:2'],
  [{ 'http-addr': 'a:2' }, { CONSUL_HTTP_SSL: 'true' }, 'https://a:2'],
  [{ 'http-addr': 'http://a:2' }, { CONSUL_HTTP_SSL: '1' }, 'https://a:2'],
  [{ 'http-addr': 'unix:///run/agent' }, { CONSUL_HTTP_SSL: '1' }, 'unix:///run/agent'],
  [{ 'http-addr': 'a:2' }, { CONSUL_HTTP_SSL: 'false' }, 'a:2'],
];

for (const [flags, env, address] of addresses) {
  test(`${JSON.stringify(flags)} with ${JSON.stringify(env)} asks the agent at ${address}`, () => {
    assert.equal(clientOptions(flags, env, runtime).address, address);
  });
}

const refused: readonly (readonly [flags: Flags, env: Environment, message: RegExp])[] = [
  [{ 'http-addr': 'ftp://a' }, {}, /^Unknown protocol scheme: ftp$/],
  [{}, { CONSUL_HTTP_SSL: 'maybe' }, /^CONSUL_HTTP_SSL: expected true or false/],
  [{ 'client-cert': 'x' }, {}, /^-client-cert: certificate and key are needed together/],
  [{ 'ca-file': '/nowhere/ca.pem' }, {}, /^-ca-file: ENOENT/],
  [{}, { CONSUL_CACERT: '/nowhere/ca.pem' }, /^CONSUL_CACERT: ENOENT/],
  [{ 'token-file': '/nowhere/token' }, {}, /^-token-file: ENOENT/],
];

for (const [flags, env, message] of refused) {
  test(`${JSON.stringify(flags)} with ${JSON.stringify(env)} is refused by name`, () => {
    assert.throws(() => clientOptions(flags, env, runtime), { name: 'InputError', message });
  });
}

const tokens: readonly (readonly [flags: Flags, env: Environment, fallback: string | undefined, token?: string])[] = [
  [{}, {}, undefined],
  [{}, {}, 'spare', 'spare'],
  [{}, { CONSUL_HTTP_TOKEN: 'env' }, 'spare', 'env'],
  [{ token: 'flag' }, { CONSUL_HTTP_TOKEN: 'env' }, undefined, 'flag'],
];

for (const [flags, env, fallback, token] of tokens) {
  test(`${JSON.stringify(flags)} with ${JSON.stringify(env)} asks with ${token ?? 'no token'}`, () => {
    assert.equal(clientOptions(flags, env, runtime, fallback).token?.()?.reveal(), token);
  });
}

test('a token file is read again when it has changed, and stays in use while it is away', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-token-'));
  const file = join(folder, 'token');
  try {
    await writeFile(file, 'first\n');
    const { token } = clientOptions({}, { CONSUL_HTTP_TOKEN_FILE: file }, runtime);
    assert.equal(token?.()?.reveal(), 'first');
    await writeFile(file, 'the second\n');
    assert.equal(token?.()?.reveal(), 'the second');
    await rm(file);
    assert.equal(token?.()?.reveal(), 'the second');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('options show no secret', () => {
  const options = clientOptions({ token: 'very-secret' }, { CONSUL_HTTP_AUTH: 'user:very-secret' }, runtime);
  assert.doesNotMatch(JSON.stringify(options), /very-secret/);
});
