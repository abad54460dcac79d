/** Requests about catalog, health and checks, made of the real agent and of ours: status, body and the headers of what succeeds are the same. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startAgent } from '../../agent/index.ts';
import { Closers } from '../../base/index.ts';
import { startRealConsul, testRuntime } from '../../testing/index.ts';
import { comparable } from '../npm-client/comparable.ts';
import { requests } from './catalog-and-health-requests.ts';
import { untilOwnNodeIsWhole } from './own-node.ts';

const ourText = 'the reason is in our own words, or with more or less of a heading';
const laterText = 'the text is that of 1.10';

/** By request: what of it is not compared, and why. */
const differences: Readonly<
  Record<string, { readonly reason: string; readonly parts: readonly ('status' | 'body')[] }>
> = {
  'PUT catalog/register {"Node":"x","Address":"192.0.2.9","Service":{}}': own(ourText),
  'PUT catalog/register {"Node":"x","Address":"192.0.2.9","Check":{}}': own(ourText),
  'PUT catalog/register {"Node":"x","Address":"192.0.2.9","Check":{"CheckID":"c","ServiceID":"no"}}': own(ourText),
  'PUT catalog/register {"Node":"x","Address":"192.0.2.9","Service":{"Service":"p","Kind":"connect-proxy"}}':
    own(laterText),
  'PUT agent/check/register {"Name":"k1","HTTP":"http://x"}': own(laterText),
  'PUT agent/check/register {"Name":"k2","TCP":"x:1"}': own(laterText),
  'PUT agent/check/register {"Name":"k3","GRPC":"x:1"}': own(laterText),
  'PUT agent/check/register {"Name":"k5","Args":["true"]}': own(laterText),
  'PUT agent/check/register {"Name":"k16","Script":"true","Interval":"9s"}': own(
    'older fields are accepted and ignored',
  ),
  'PUT agent/check/register {"Name":"k12","TTL":"9s","SuccessBeforePassing":-1}': refused(
    'a threshold below 0 means nothing',
  ),
  'PUT agent/check/register {"Name":"k17","DockerContainerID":"x","Shell":"/bin/sh","Args":["true"],"Interval":"9s"}':
    refused('Docker checks are not run'),
  'GET agent/checks?filter=Nope == 1': own(ourText),
  'GET health/service/web?filter=Service.Meta.env matches "^p"': own('a map without the key does not fit'),
};

const closers = new Closers();
const ports: number[] = [];

before(async () => {
  const real = closers.add(await startRealConsul({ config: { enable_script_checks: true } }));
  const ours = closers.add(
    await startAgent(
      { dev: true, nodeName: 'real', scriptChecks: 'on', http: [{ host: '127.0.0.1', port: 0 }] },
      testRuntime(),
    ),
  );
  ports.push(real.port, ours.address.port);
  await untilOwnNodeIsWhole(real.port);
});

after(() => closers.close());

for (const [at, { method, path, body, headers }] of requests.entries()) {
  const name = [method, path, ...(body === undefined ? [] : [JSON.stringify(body)])].join(' ');
  test(`${at + 1}: ${name}`, async () => {
    const ask = async (port: number) => {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/${encodeFilter(path)}`, {
        method,
        ...(headers && { headers }),
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      return outcomeOf(answer, name);
    };
    const [expected, found] = await Promise.all(ports.map(ask));
    assert.deepEqual(found, expected);
  });
}

async function outcomeOf(answer: Response, name: string): Promise<object> {
  const text = await answer.text();
  const type = answer.headers.get('content-type');
  const left = differences[name]?.parts ?? [];
  return {
    ...(left.includes('status') ? {} : { status: answer.status }),
    ...(left.includes('body') ? {} : { body: type === 'application/json' ? comparable(JSON.parse(text)) : text }),
    ...(answer.ok && !left.includes('status')
      ? { headers: headersOf(answer), hasIndex: answer.headers.has('x-consul-index') }
      : {}),
  };
}

const compared = [
  'content-type',
  'content-encoding',
  'vary',
  'x-consul-knownleader',
  'x-consul-lastcontact',
  'x-cache',
  'age',
  'x-consul-effective-consistency',
];

function headersOf({ headers }: Response): object {
  return Object.fromEntries(compared.map((name) => [name, headers.get(name)]));
}

function encodeFilter(path: string): string {
  return path.replace(/filter=(.*)$/, (_, filter: string) => `filter=${encodeURIComponent(filter)}`);
}

function own(reason: string): { readonly reason: string; readonly parts: readonly ['body'] } {
  return { reason, parts: ['body'] };
}

function refused(reason: string): { readonly reason: string; readonly parts: readonly ['status', 'body'] } {
  return { reason, parts: ['status', 'body'] };
}
