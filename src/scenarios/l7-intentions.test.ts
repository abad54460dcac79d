/**
 * An intention with L7 permissions is about requests. Where a connection is decided none has been made yet, so whatever the permissions
 * say, the answer is no: of the agent when it is asked, and of a service that decides for itself. Consul once said yes (CVE-2021-36213).
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { type AgentOptions, startAgent } from '../agent/index.ts';
import { createClient } from '../api/index.ts';
import { type Log, Secret, silentLog } from '../base/index.ts';
import { startService } from '../connect/index.ts';
import { testRuntime } from '../testing/index.ts';

const root = 'a-token-for-everything';
const tokens = { initialManagement: root };

/** Where an agent's default for pairs without an intention comes from. */
const defaults: Readonly<Record<string, AgentOptions>> = {
  'ACLs that deny by default': { acl: { enabled: true, defaultPolicy: 'deny', tokens } },
  'ACLs that allow by default': { acl: { enabled: true, defaultPolicy: 'allow', tokens } },
  'a default that denies': { defaultIntentionPolicy: 'deny' },
  'neither ACLs nor a default': {},
};

for (const [name, options] of Object.entries(defaults))
  for (const action of ['allow', 'deny'] as const)
    test(`with ${name}, permissions that ${action} requests let no connection pass, whoever decides`, async () => {
      await using mesh = await startMesh(options);
      await mesh.put('/v1/config', {
        Kind: 'service-intentions',
        Name: 'api',
        Sources: [{ Name: 'web', Permissions: [{ Action: action, HTTP: { PathPrefix: '/' } }] }],
      });

      assert.deepEqual(await mesh.authorize('web', 'api'), {
        Authorized: false,
        Reason: 'Matched L7 intention: default/web => default/api (Precedence: 9, Permissions: 1)',
      });
      assert.deepEqual(await mesh.check('web', 'api'), { Allowed: false });
      assert.equal(await mesh.refusalOf('web', 'api'), 'intention deny web → api, precedence 9');
    });

interface Mesh extends AsyncDisposable {
  put(path: string, body: object): Promise<void>;
  authorize(source: string, target: string): Promise<unknown>;
  check(source: string, destination: string): Promise<unknown>;
  /** Dials for real, and says why the dialled service, which follows its intentions itself, refused. */
  refusalOf(source: string, destination: string): Promise<string>;
}

async function startMesh(options: AgentOptions): Promise<Mesh> {
  await using stack = new AsyncDisposableStack();
  const runtime = testRuntime();
  const agent = stack.use(await startAgent({ dev: true, http: [{ host: '127.0.0.1', port: 0 }], ...options }, runtime));
  const access = { address: `127.0.0.1:${agent.address.port}`, token: () => new Secret(root) };
  const client = stack.use(createClient({ ...access, runtime }));

  const refusalOf = async (source: string, destination: string): Promise<string> => {
    const denials = Promise.withResolvers<string>();
    const log: Log = {
      ...silentLog,
      with: () => log,
      info: (message: string, fields: { readonly reason?: unknown } = {}) =>
        message === 'caller denied' && denials.resolve(String(fields.reason)),
    };
    await using callee = await startService({ name: destination, agent: access }, testRuntime({ log }));
    const { port } = await callee.serve((socket) => socket.end('let in')).listen(0, '127.0.0.1');
    await client.registerService({ Name: destination, Address: '127.0.0.1', Port: port, Connect: { Native: true } });
    await using caller = await startService({ name: source, agent: access }, runtime);
    const [error] = await once(await caller.dial(destination), 'error');
    assert.equal(error.code, 'REFUSED_BY_PEER');
    return denials.promise;
  };
  const opened = stack.move();
  return {
    put: async (path, body) => void (await client.call('PUT', path, { body })),
    authorize: async (source, target) => {
      const body = { Target: target, ClientCertURI: `spiffe://${agent.trustDomain}/ns/default/dc/dc1/svc/${source}` };
      return (await client.call('POST', '/v1/agent/connect/authorize', { body })).json();
    },
    check: async (source, destination) =>
      (await client.call('GET', '/v1/connect/intentions/check', { query: { source, destination } })).json(),
    refusalOf,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
