import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testRuntime } from '../../testing/test-runtime.ts';
import { startAgent } from '../agent.ts';

/** What is asked, and of the answer's elements the IDs that are kept. Most rows were held against a real agent of 1.8.7. */
const kept: readonly (readonly [path: string, filter: string, ids: readonly string[]])[] = [
  ['agent/services', 'Kind == "connect-proxy"', ['proxy']],
  ['agent/services', 'Meta.version == 1', ['web1']],
  ['agent/services', 'Connect.Native == true', ['web2']], // ends the connection there
  ['agent/checks', 'ServiceTags contains v1', ['service:web1']],
  ['catalog/nodes', 'Meta.os == linux', ['here']],
  ['catalog/nodes', '"lan" not in TaggedAddresses', ['there']],
  ['catalog/service/web', 'ServicePort == 443', ['web1']],
  ['catalog/service/web', 'ServiceConnect.Native != true', ['web1', 'far']],
  ['catalog/service/web', 'NodeMeta.os == linux', ['web1', 'web2']],
  ['catalog/service/web', 'ServiceID == ``', []],
  ['catalog/connect/web', 'ServiceProxy.Upstreams.DestinationName == db', ['proxy']],
  ['catalog/node/here', 'Service == web', ['web1', 'web2']],
  ['catalog/node-services/here', 'Tags contains v1 or Port == 8081', ['web1', 'proxy']],
  ['health/service/web', 'Service.Meta.version == 1', ['web1']],
  ['health/service/web', 'Checks.CheckID == "service:web1" and Checks.Status == passing', ['web1']],
  ['health/service/web', 'Node.Node != here', ['far']],
  ['health/connect/web', 'Service.TaggedAddresses.wan.Port == 9', ['proxy']],
  ['health/checks/web', 'Status != passing', []],
  ['health/node/here', 'ServiceID == ""', ['serfHealth']],
  ['health/state/any', 'Type == ttl', ['service:web1']],
  ['connect/intentions', 'SourceName == web and Precedence == 9', ['web']],
];

/** The subject of each kind of answer, by something that it does not have. */
const without: readonly (readonly [path: string, selector: string])[] = [
  ['agent/services', 'CreateIndex'],
  ['agent/checks', 'Definition'],
  ['catalog/nodes', 'Service'],
  ['catalog/service/nobody', 'Service'],
  ['catalog/node/nowhere', 'ServiceName'],
  ['health/connect/nobody', 'Port'],
  ['health/ingress/nobody', 'Nope'],
  ['health/state/any', 'Node.Meta'],
  ['connect/intentions', 'CreatedAt'],
];

test('expressions filter every list that Consul filters', async () => {
  await using agent = await start();
  for (const [path, filter, ids] of kept) {
    const { status, text } = await agent.ask(path, filter);
    assert.equal(status, 200, `${path} ${filter}: ${text}`);
    assert.deepEqual(idsOf(JSON.parse(text)).toSorted(), ids.toSorted(), `${path} ${filter}`);
  }
});

test('what an answer does not have is refused, also where there is nothing to filter', async () => {
  await using agent = await start();
  for (const [path, selector] of without) {
    assert.deepEqual(await agent.ask(path, `${selector} == 1`), {
      status: 500,
      text: `Failed to create boolean expression evaluator: Selector "${selector}" is not valid`,
    });
  }
});

test('a node keeps its place when none of its services fits', async () => {
  await using agent = await start();
  const { text } = await agent.ask('catalog/node/here', 'Service == nobody');
  const { Node: node, Services: services } = JSON.parse(text);
  assert.deepEqual([node.Node, services], ['here', {}]);
});

test('with `near`, the node that is asked comes first', async () => {
  await using agent = await start({ nodeName: 'z' });
  const nodes = async (query: string): Promise<string[]> => {
    const { text } = await agent.ask(`health/service/web${query}`, '');
    return JSON.parse(text).map(({ Node: { Node: node } }: { Node: { Node: string } }) => node);
  };
  assert.deepEqual(await nodes(''), ['there', 'z', 'z']);
  assert.deepEqual(await nodes('?near=_agent'), ['z', 'z', 'there']);
  assert.deepEqual(await nodes('?near=Z'), ['z', 'z', 'there']);
  assert.deepEqual(await nodes('?near=there'), ['there', 'z', 'z']);
  assert.deepEqual(await nodes('?near=nobody'), ['there', 'z', 'z']);
});

test('the lists that an agent of Consul caches say whether they were cached, the others say nothing', async () => {
  await using agent = await start();
  const cached = ['catalog/services', 'catalog/service/web', 'catalog/connect/web', 'catalog/datacenters'];
  for (const path of [...cached, 'health/service/web', 'health/connect/web', 'health/ingress/web']) {
    assert.deepEqual(await agent.cacheOf(path), ['MISS', null], path);
    assert.deepEqual(await agent.cacheOf(path), ['HIT', '0'], path);
  }
  for (const path of ['catalog/nodes', 'health/state/any', 'health/node/here', 'connect/intentions', 'agent/services'])
    assert.deepEqual(await agent.cacheOf(path), [null, null], path);
});

interface Agent extends AsyncDisposable {
  ask(path: string, filter: string): Promise<{ status: number; text: string }>;
  /** `X-Cache` and `Age` of an answer that was asked for with `?cached`. */
  cacheOf(path: string): Promise<(string | null)[]>;
}

async function start({ nodeName = 'here' } = {}): Promise<Agent> {
  const listen = [{ host: '127.0.0.1', port: 0 }];
  const agent = await startAgent({ dev: true, http: listen, nodeName, nodeMeta: { os: 'linux' } }, testRuntime());
  const origin = `http://127.0.0.1:${agent.address.port}/v1/`;
  const put = async (path: string, body: object, method = 'PUT'): Promise<void> => {
    const answer = await fetch(origin + path, { method, body: JSON.stringify(body) });
    assert.equal(answer.status, 200, await answer.text());
  };
  const register = 'agent/service/register';
  const check = { TTL: '10m', Status: 'passing' };
  await put(register, { Name: 'web', ID: 'web1', Port: 443, Tags: ['v1'], Meta: { version: '1' }, Check: check });
  await put(register, { Name: 'web', ID: 'web2', Port: 80, Connect: { Native: true } });
  const upstream = { DestinationName: 'db', LocalBindPort: 9191 };
  await put(register, {
    Name: 'proxy',
    Kind: 'connect-proxy',
    Port: 8081,
    TaggedAddresses: { wan: { Address: '1.2.3.4', Port: 9 } },
    Proxy: { DestinationServiceName: 'web', Upstreams: [upstream] },
  });
  await put('catalog/register', { Node: 'there', Address: '1.2.3.4', Service: { Service: 'web', ID: 'far' } });
  await put('connect/intentions', { SourceName: 'web', DestinationName: 'db', Action: 'allow' }, 'POST');
  return {
    ask: async (path, filter) => {
      const answer = await fetch(origin + path + (filter === '' ? '' : `?filter=${encodeURIComponent(filter)}`));
      return { status: answer.status, text: await answer.text() };
    },
    cacheOf: async (path) => {
      const { headers } = await fetch(`${origin}${path}?cached`);
      return [headers.get('X-Cache'), headers.get('Age')];
    },
    [Symbol.asyncDispose]: () => agent.close(),
  };
}

interface Element {
  readonly [name: string]: unknown;
  readonly Service?: unknown;
}

function idsOf(answer: readonly Element[] | { readonly Services?: object }): string[] {
  const services = 'Services' in answer ? (answer.Services ?? {}) : answer;
  return (Object.values(services) as Element[]).map((element) => {
    if (typeof element.Service === 'object') return String((element.Service as { readonly ID: string }).ID);
    const { ServiceID: service, CheckID: check, SourceName: source, Service: name, ID: id, Node: node } = element;
    return String(check ?? service ?? source ?? (name === undefined ? node : id));
  });
}
