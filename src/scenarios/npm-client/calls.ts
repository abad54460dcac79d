/** Every call of the npm `consul` client for agent, catalog, health and status, in an order in which each finds what it needs. */

import type Consul from 'consul';

export interface Call {
  /** The method as users write it, and what is asked. */
  readonly name: string;
  readonly run: (consul: Consul) => Promise<unknown>;
  /** What of the answer is compared, where the rest tells of the agent itself. Absent: all of it. */
  readonly part?: (answer: unknown) => unknown;
}

export const calls: readonly Call[] = [
  { name: 'status.leader', run: (consul) => consul.status.leader() },
  { name: 'status.peers', run: (consul) => consul.status.peers() },
  {
    name: 'agent.self',
    run: (consul) => consul.agent.self(),
    part: pick('Config', ['Datacenter', 'NodeName', 'Server']),
  },
  {
    name: 'agent.members',
    run: (consul) => consul.agent.members(),
    part: each(['Name', 'Addr', 'Status', 'ProtocolCur']),
  },
  { name: 'agent.members, wan', run: (consul) => consul.agent.members({ wan: true }), part: each(['Name', 'Status']) },
  { name: 'agent.reload', run: (consul) => consul.agent.reload() },

  { name: 'agent.service.register, by name', run: (consul) => consul.agent.service.register('plain') },
  {
    name: 'agent.service.register, everything',
    run: (consul) =>
      consul.agent.service.register({
        id: 'web-1',
        name: 'web',
        address: '127.0.0.2',
        port: 8080,
        tags: ['v1', 'blue'],
        meta: { env: 'test' },
        taggedaddresses: { lan: { address: '10.0.0.1', port: 80 }, wan: { address: '192.0.2.1', port: 81 } },
        checks: [
          { name: 'alive', ttl: '60s', timeout: '1s', status: 'passing', notes: 'asks the service' },
          { name: 'again', ttl: '10m', timeout: '1s', status: 'warning', successbeforepassing: 2 },
        ],
      }),
  },
  {
    name: 'agent.service.register, with a sidecar',
    run: (consul) =>
      consul.agent.service.register({
        name: 'api',
        port: 9090,
        check: { name: 'api', ttl: '60s', timeout: '1s' },
        connect: {
          sidecarservice: {
            port: 21_042,
            proxy: {
              destination_service_name: 'api',
              upstreams: [{ DestinationName: 'web', LocalBindPort: 9191 }],
            },
          },
        },
      }),
  },
  {
    name: 'agent.service.register, a proxy',
    run: (consul) =>
      consul.agent.service.register({
        name: 'db-proxy',
        port: 5433,
        // The client doesn't send the kind, so that this is a plain service with what the client calls its proxy.
        proxy: { destination_service_name: 'db', local_service_port: 5432, config: { limit: 1.5 } },
      }),
  },
  {
    name: 'agent.service.register, native',
    run: (consul) =>
      consul.agent.service.register({
        name: 'native',
        port: 1,
        connect: { native: true } as never, // the client's types demand a sidecar here
      }),
  },
  { name: 'agent.service.list', run: (consul) => consul.agent.service.list() },
  { name: 'agent.service.list, filter', run: (consul) => consul.agent.service.list({ filter: 'Service == web' }) },
  { name: 'agent.services', run: (consul) => consul.agent.services() },
  {
    name: 'agent.service.maintenance, on',
    run: (consul) => consul.agent.service.maintenance({ id: 'plain', enable: true, reason: 'repair' }),
  },
  {
    name: 'agent.service.maintenance, unknown',
    run: (consul) => consul.agent.service.maintenance({ id: 'x', enable: true }),
  },
  { name: 'health.checks, in maintenance', run: (consul) => consul.health.checks('plain') },
  {
    name: 'agent.service.maintenance, off',
    run: (consul) => consul.agent.service.maintenance({ id: 'plain', enable: false }),
  },
  { name: 'agent.maintenance, on', run: (consul) => consul.agent.maintenance({ enable: true, reason: 'night' }) },
  { name: 'agent.checks, in maintenance', run: (consul) => consul.agent.checks() },
  { name: 'agent.maintenance, off', run: (consul) => consul.agent.maintenance(false) },

  {
    name: 'agent.check.register, ttl',
    run: (consul) => consul.agent.check.register({ name: 'disk', ttl: '60s', timeout: '1s', notes: 'free' }),
  },
  {
    name: 'agent.check.register, of a service',
    run: (consul) =>
      consul.agent.check.register({
        name: 'port',
        serviceid: 'web-1',
        tcp: '127.0.0.1:1',
        interval: '60s',
        timeout: '1s',
        status: 'passing',
        failuresbeforecritical: 3,
        deregistercriticalserviceafter: '90m',
      }),
  },
  {
    name: 'agent.check.register, alias',
    run: (consul) => consul.agent.check.register({ name: 'as web', aliasservice: 'web-1', timeout: '1s' }),
  },
  {
    name: 'agent.check.register, of no service',
    run: (consul) => consul.agent.check.register({ name: 'x', serviceid: 'nobody', ttl: '1s', timeout: '1s' }),
  },
  {
    name: 'agent.check.register, a duration that is none',
    run: (consul) => consul.agent.check.register({ name: 'x', ttl: 'soon', timeout: '1s' }),
  },
  { name: 'agent.check.pass', run: (consul) => consul.agent.check.pass({ id: 'disk', note: '90 % free' }) },
  { name: 'agent.check.list, passing', run: (consul) => consul.agent.check.list({ filter: 'CheckID == disk' }) },
  { name: 'agent.check.warn', run: (consul) => consul.agent.check.warn({ id: 'disk', note: '10 % free' }) },
  { name: 'health.state, warning', run: (consul) => consul.health.state('warning') },
  { name: 'agent.check.fail', run: (consul) => consul.agent.check.fail({ id: 'disk', note: 'full' }) },
  { name: 'health.state, critical', run: (consul) => consul.health.state({ state: 'critical', near: '_agent' }) },
  { name: 'agent.check.pass, unknown', run: (consul) => consul.agent.check.pass('nothing') },
  { name: 'agent.check.deregister', run: (consul) => consul.agent.check.deregister('disk') },
  { name: 'agent.check.deregister, unknown', run: (consul) => consul.agent.check.deregister('nothing') },
  { name: 'agent.check.pass, service', run: (consul) => consul.agent.check.pass('service:api') },

  { name: 'catalog.datacenters', run: (consul) => consul.catalog.datacenters() },
  { name: 'catalog.nodes', run: (consul) => consul.catalog.nodes('dc1') },
  {
    name: 'catalog.node.list',
    run: (consul) => consul.catalog.node.list({ near: '_agent', filter: 'Meta.none != 1' }),
  },
  { name: 'catalog.node.list, unknown datacenter', run: (consul) => consul.catalog.node.list('nowhere') },
  {
    name: 'catalog.register',
    run: (consul) =>
      consul.catalog.register({
        id: '11111111-2222-3333-4444-555555555555',
        node: 'elsewhere',
        address: '192.0.2.7',
        nodemeta: { rack: '7' },
        service: { id: 'old-1', service: 'old', port: 7000, tags: ['legacy'], address: '192.0.2.8', meta: { a: 'b' } },
        checks: [
          { name: 'old alive', checkid: 'old', serviceid: 'old-1', status: 'passing', notes: 'from outside' },
          {
            name: 'old node',
            status: 'warning',
            definition: { http: 'http://192.0.2.7/', intervalduration: '10s', timeoutduration: '1s' },
          },
        ],
      }),
  },
  { name: 'catalog.register, no address', run: (consul) => consul.catalog.register('bare') },
  { name: 'catalog.services', run: (consul) => consul.catalog.services() },
  { name: 'catalog.service.list', run: (consul) => consul.catalog.service.list('dc1') },
  { name: 'catalog.service.nodes', run: (consul) => consul.catalog.service.nodes('old') },
  {
    name: 'catalog.service.nodes, tag',
    run: (consul) => consul.catalog.service.nodes({ service: 'web', tag: 'blue' }),
  },
  { name: 'catalog.service.nodes, unknown', run: (consul) => consul.catalog.service.nodes('nothing') },
  { name: 'catalog.connect.nodes', run: (consul) => consul.catalog.connect.nodes('api') },
  { name: 'catalog.node.services', run: (consul) => consul.catalog.node.services('elsewhere') },
  {
    name: 'catalog.node.services, own',
    run: (consul) => consul.catalog.node.services({ node: 'real', filter: 'Service != consul' }),
  },
  { name: 'catalog.node.services, unknown', run: (consul) => consul.catalog.node.services('nowhere') },

  { name: 'health.node', run: (consul) => consul.health.node('elsewhere') },
  {
    name: 'health.node, own',
    run: (consul) => consul.health.node({ node: 'real', filter: 'ServiceName == web' } as never),
  },
  { name: 'health.node, unknown', run: (consul) => consul.health.node('nowhere') },
  { name: 'health.checks', run: (consul) => consul.health.checks('web') },
  { name: 'health.service', run: (consul) => consul.health.service('api') },
  {
    name: 'health.service, passing',
    run: (consul) => consul.health.service({ service: 'web', passing: true, tag: 'v1' }),
  },
  { name: 'health.service, old', run: (consul) => consul.health.service({ service: 'old', near: '_agent' }) },
  { name: 'health.service, unknown', run: (consul) => consul.health.service('nothing') },
  { name: 'health.service, bad filter', run: (consul) => consul.health.service({ service: 'web', filter: 'Node.' }) },
  { name: 'health.state, any', run: (consul) => consul.health.state('any') },

  {
    name: 'catalog.deregister, check',
    run: (consul) => consul.catalog.deregister({ node: 'elsewhere', checkid: 'old' }),
  },
  {
    name: 'catalog.deregister, service',
    run: (consul) => consul.catalog.deregister({ node: 'elsewhere', serviceid: 'old-1' }),
  },
  { name: 'catalog.deregister, node', run: (consul) => consul.catalog.deregister('elsewhere') },
  { name: 'catalog.nodes, after', run: (consul) => consul.catalog.nodes({ filter: 'Node == elsewhere' }) },
  { name: 'agent.service.deregister', run: (consul) => consul.agent.service.deregister('web-1') },
  { name: 'agent.service.deregister, unknown', run: (consul) => consul.agent.service.deregister('nothing') },
  { name: 'agent.checks', run: (consul) => consul.agent.checks() },

  { name: 'acl.bootstrap, off', run: (consul) => consul.acl.bootstrap() },
  { name: 'acl.replication, off', run: (consul) => consul.acl.replication() },
];

/** What needs a cluster, or is not there: each is refused in a sentence that says so. */
export const unavailable: Readonly<Record<string, (consul: Consul) => Promise<unknown>>> = {
  'kv.get': (consul) => consul.kv.get('some/key'),
  'kv.keys': (consul) => consul.kv.keys('some/'),
  'kv.set': (consul) => consul.kv.set('some/key', 'value'),
  'kv.del': (consul) => consul.kv.del('some/key'),
  'session.create': (consul) => consul.session.create(),
  'session.renew': (consul) => consul.session.renew('11111111-2222-3333-4444-555555555555'),
  'session.info': (consul) => consul.session.info('11111111-2222-3333-4444-555555555555'),
  'session.node': (consul) => consul.session.node('real'),
  'session.list': (consul) => consul.session.list(),
  'session.destroy': (consul) => consul.session.destroy('11111111-2222-3333-4444-555555555555'),
  'transaction.create': (consul) => consul.transaction.create([{ KV: { Verb: 'get', Key: 'some/key' } }] as never),
  'query.list': (consul) => consul.query.list(),
  'query.create': (consul) => consul.query.create({ name: 'q', service: { service: 'web' } }),
  'query.execute': (consul) => consul.query.execute('q'),
  'event.fire': (consul) => consul.event.fire('deploy'),
  'event.list': (consul) => consul.event.list(),
  'agent.join': (consul) => consul.agent.join('127.0.0.1'),
  'agent.forceLeave': (consul) => consul.agent.forceLeave('gone'),
  'acl.legacy.list': (consul) => consul.acl.legacy.list(),
  'acl.legacy.create': (consul) => consul.acl.legacy.create({ name: 'x', type: 'client' }),
};

/** What a call came to: its answer, or the status and the text with which it was refused. */
export type Outcome = { readonly answer: unknown } | { readonly status: number | undefined; readonly message: string };

export async function outcomeOf({ run, part = (answer) => answer }: Call, consul: Consul): Promise<Outcome> {
  try {
    return { answer: part(await run(consul)) };
  } catch (error) {
    const { statusCode, message } = error as Error & { readonly statusCode?: number };
    return { status: statusCode, message };
  }
}

type Bag = Readonly<Record<string, unknown>>;

function pick(member: string, keys: readonly string[]): (answer: unknown) => unknown {
  return (answer) => only((answer as Readonly<Record<string, Bag>>)[member] ?? {}, keys);
}

function each(keys: readonly string[]): (answer: unknown) => unknown {
  return (answer) => (answer as Bag[]).map((item) => only(item, keys));
}

function only(item: Bag, keys: readonly string[]): Bag {
  return Object.fromEntries(keys.map((key) => [key, item[key]]));
}
