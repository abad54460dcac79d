import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommands, readCommands } from './cli-transcript.ts';

const text = `

######## $ consul connect proxy -sidecar-for web

[  2.943s conn 31] >>>
GET /v1/agent/services HTTP/1.1
Host: 127.0.0.1:8500


[  2.944s conn 31] <<< HTTP/1.1 200 OK
      Content-Type: application/json
      X-Consul-Index: 7

[  2.946s conn 31] >>>
GET /v1/agent/connect/ca/roots?index=7 HTTP/1.1
Host: 127.0.0.1:8500


[  2.947s conn 32] >>>
PUT /v1/event/fire/deploy HTTP/1.1
Content-Length: 5

hello
[  2.948s conn 32] <<< HTTP/1.1 500 Internal Server Error
      Content-Length: 0

---- exit 124; output:
one  ␠

two


######## $ consul connect proxy

---- exit 1; output:
`.replaceAll('␠', ' ');

test('commands come with their requests, exit codes and output', () => {
  const [sidecar, bare, ...more] = parseCommands(text);
  assert.deepEqual(more, []);
  assert.equal(sidecar?.line, 'connect proxy -sidecar-for web');
  assert.equal(sidecar.exitCode, 124);
  assert.equal(sidecar.output, 'one   \n\ntwo');
  assert.deepEqual(bare, { line: 'connect proxy', requests: [], exitCode: 1, output: '' });
});

test('each answer belongs to the request that waited for it on its connection', () => {
  const requests = parseCommands(text)[0]?.requests ?? [];
  assert.deepEqual(
    requests.map(({ at, method, target, body, answer }) => [at, method, target, body, answer?.status, answer?.at]),
    [
      [2.943, 'GET', '/v1/agent/services', '', 200, 2.944],
      [2.946, 'GET', '/v1/agent/connect/ca/roots?index=7', '', undefined, undefined],
      [2.947, 'PUT', '/v1/event/fire/deploy', 'hello', 500, 2.948],
    ],
  );
  assert.equal(requests[0]?.answer?.headers.get('x-consul-index'), '7');
  assert.equal(requests[2]?.headers.get('content-length'), '5');
});

test('a text that is cut off is refused and not half read', () => {
  assert.throws(() => parseCommands('######## $ consul info\n\n[  2.1s conn 1] >>>\n'), /no end of a command/);
  assert.throws(
    () => parseCommands('######## $ consul info\n[ 1.0s conn 1] <<< HTTP/1.1 200 OK\n---- exit 0; output:\n'),
    /an answer without a request at 1\.0 s/,
  );
});

for (const [version, commands, requests] of [
  ['v1.3.1', 33, 55],
  ['v1.8.7', 37, 58],
  ['v1.10.0', 38, 57],
] as const) {
  test(`the whole recording of ${version} is read`, () => {
    const read = readCommands(version);
    assert.equal(read.length, commands);
    assert.equal(read.flatMap((command) => command.requests).length, requests);
    for (const { headers, body } of read.flatMap((command) => command.requests)) {
      assert.equal(Buffer.byteLength(body), Number(headers.get('content-length') ?? 0));
    }
  });
}
