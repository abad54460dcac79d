/**
 * `fairlead validate` and `consul validate` of 1.8.7 on the same files: one verdict, but for the differences that are listed here with
 * their reasons.
 */

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Context } from '../../cli/command.ts';
import { validate } from '../../cli/commands/validate.ts';
import { CommandFailure } from '../../cli/failure.ts';
import { runProgram } from '../../testing/programs.ts';
import { findConsul } from '../../testing/real-consul.ts';

const corpus = fileURLToPath(new URL('./validate-corpus', import.meta.url));
const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

/** We take, and 1.8.7 does not. */
const looser: Readonly<Record<string, string>> = {
  'http-on-the-port-of-dns': 'no DNS is served here, so its usual port is free',
  'keys-of-later-versions': '1.9 to 1.19 know them',
  'later-service-keys': '1.9 to 1.19 know them',
  'managed-proxy': '1.2 to 1.5 know them, and we run such proxies',
  'managed-proxy-defaults': '1.2 to 1.5 know them, and we run such proxies',
  nanoseconds: 'the API takes durations as numbers, and so do files here',
  'proxy-destination': '1.2 to 1.5 know it',
  'several-service-blocks': 'nothing else can be meant',
};

/** 1.8.7 takes, and we do not. */
const stricter: Readonly<Record<string, string>> = {
  'acl-without-enabled': 'who writes deny wants something denied; its agent denies nothing',
  'address-template': 'templates of addresses are not evaluated here',
  'agent-tls-for-checks': 'checks show no certificate here',
  audit: 'its free edition passes over it; no audit log would be there',
  'blocked-without-slash': 'such an entry blocks nothing',
  'check-without-interval': 'its agent refuses it at the start',
  'cluster-id': 'it becomes the trust domain, and must be a UUID',
  'connect-off': 'Connect is what this agent is for',
  'default-policy': 'a policy that is neither allow nor deny is a mistake; its agent refuses it at the start',
  'fraction-as-port': 'it cuts fractions off',
  https: 'HTTPS is not served here, and plain HTTP is not what was asked for',
  'log-level': 'its agent refuses it at the start',
  'no-http': 'an agent without HTTP is of no use here',
  'node-id': 'its agent refuses it at the start',
  'node-name': 'a / in the name of a node makes it unreachable in paths of the API',
  'response-headers-of-its-own': 'another length would break every answer',
  'response-headers-with-a-line-break': 'they would be two headers; its agent sends something else than was written',
  'scripts-not-allowed': 'its agent refuses it at the start',
  'service-on-every-address': 'its agent refuses it at the start',
  'service-without-name': 'its agent refuses it at the start',
};

const kinds = { valid: [0, 0], invalid: [1, 1], looser: [1, 0], stricter: [0, 1] } as const;

before(() => process.chdir(corpus));
const home = process.cwd();
after(() => process.chdir(home));

for (const [kind, [theirs, ours]] of Object.entries(kinds)) {
  test(`files that are ${kind}`, async (t) => {
    for (const name of readdirSync(join(corpus, kind))) {
      await t.test(name, async () => {
        const path = join(kind, name);
        const real = await runProgram(findConsul(), ['validate', path]);
        assert.equal(real.code, theirs, real.stdout + real.stderr);
        const own = await validateHere(path);
        assert.equal(own.code, ours, own.output);
        if (own.code === 1) assert.match(own.output, /^Config validation failed: ./);
        else assert.match(own.output, /^Configuration is valid!$/m);
      });
    }
  });
}

test('every difference has its reason', () => {
  for (const [kind, reasons] of Object.entries({ looser, stricter })) {
    const files = readdirSync(join(corpus, kind)).map((name) => basename(name, extname(name)));
    assert.deepEqual(Object.keys(reasons).sort(), files.sort());
  }
});

const lines: readonly string[] = [
  'valid/smallest.hcl',
  '-quiet valid/smallest.hcl',
  'valid/smallest.hcl valid/any-case.hcl',
  'valid/folder',
  '-config-format=hcl valid/smallest.hcl',
  '-config-format=json valid/smallest.hcl',
  '-config-format=yaml valid/smallest.hcl',
  'invalid/unknown-key.hcl',
  'invalid/folder valid/smallest.hcl',
  'nowhere.hcl',
  '-unknown valid/smallest.hcl',
  '',
];

for (const line of lines) {
  test(`validate ${line}: exit code and standard output are the real one's`, async () => {
    const args = ['validate', ...line.split(' ').filter(Boolean)];
    const real = await runProgram(findConsul(), args);
    const own = await runProgram(process.execPath, [main, ...args]);
    assert.deepEqual([own.code, own.stdout], [real.code, real.stdout], own.stderr);
  });
}

async function validateHere(path: string): Promise<{ readonly code: number; readonly output: string }> {
  const output: string[] = [];
  const say = (text: string): void => void output.push(text);
  const context: Context = {
    print: say,
    complain: say,
    env: {},
    readInput: async () => '',
    hasColours: false,
    stop: () => new AbortController().signal,
    onHangup: () => undefined,
  };
  try {
    return { code: await validate.run([path], context), output: `${output.join('\n')}\n` };
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    return { code: error.exitCode, output: error.message };
  }
}
