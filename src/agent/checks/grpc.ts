/** A gRPC check: asks the standard health service, for the whole server or for the service after the `/`. */

import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import type { CheckDefinition } from '../state/tables.ts';
import { decodeHealthStatus, encodeHealthRequest, longestAnswer } from './grpc-message.ts';
import { NoSessionError, withHttp2Session } from './http2-session.ts';
import type { Probe } from './probe.ts';
import { describeDialError } from './tcp.ts';

const serving = 1;

export const probeGrpc: Probe = async (definition, signal) => {
  const { grpc = '' } = definition;
  const slash = grpc.indexOf('/');
  const [target, service] = slash < 0 ? [grpc, ''] : [grpc.slice(0, slash), grpc.slice(slash + 1)];
  try {
    const status = await ask(target, service, definition, signal);
    if (status === serving) return { status: 'passing', output: `gRPC check ${grpc}: success` };
    return { status: 'critical', output: "gRPC application didn't report service healthy" };
  } catch (error) {
    return { status: 'critical', output: signal.aborted ? timeIsOver : describe(error as Error, target, signal) };
  }
};

function ask(target: string, service: string, definition: CheckDefinition, signal: AbortSignal): Promise<number> {
  return withHttp2Session(target, definition.grpcUseTls === true, definition, signal, async (session) => {
    const { headers, body, trailers } = await call(session, encodeHealthRequest(service));
    if (headers[':status'] !== 200) {
      throw new GrpcError(codeOfHttp(headers[':status']), `unexpected HTTP status code ${headers[':status']}`);
    }
    // Where there is nothing but an error, it comes with the headers.
    const ending = 'grpc-status' in trailers ? trailers : headers;
    const code = Number(ending['grpc-status'] ?? 2);
    if (code !== 0) throw new GrpcError(code, decodeMessage(String(ending['grpc-message'] ?? '')));
    const status = decodeHealthStatus(body);
    if (status === undefined) throw new GrpcError(13, 'the answer is no HealthCheckResponse');
    return status;
  });
}

interface Answer {
  readonly headers: IncomingHttpHeaders & IncomingHttpStatusHeader;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders;
}

function call(session: ClientHttp2Session, message: Buffer): Promise<Answer> {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    'user-agent': 'Consul Health Check',
    te: 'trailers',
  });
  stream.end(message);
  return readAnswer(stream);
}

function readAnswer(stream: ClientHttp2Stream): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  let headers: Answer['headers'] = {};
  let trailers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('response', (received) => {
    headers = received;
  });
  stream.on('trailers', (received) => {
    trailers = received;
  });
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length;
    chunks.push(chunk);
    if (length > longestAnswer) stream.destroy(new GrpcError(8, `received message larger than max (${longestAnswer})`));
  });
  stream.once('error', reject);
  stream.once('close', () => {
    if (headers[':status'] === undefined) reject(new Error('connection closed'));
    else resolve({ headers, body: Buffer.concat(chunks), trailers });
  });
  return promise;
}

class GrpcError extends Error {
  override readonly name = 'GrpcError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Source: gRPC, "Status codes and their use in gRPC". */
const codes = [
  ...['OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound', 'AlreadyExists'],
  ...['PermissionDenied', 'ResourceExhausted', 'FailedPrecondition', 'Aborted', 'OutOfRange', 'Unimplemented'],
  ...['Internal', 'Unavailable', 'DataLoss', 'Unauthenticated'],
];

/** Source: gRPC, "HTTP to gRPC Status Code Mapping". */
function codeOfHttp(status: number | undefined): number {
  const known: Readonly<Record<number, number>> = {
    400: 13,
    401: 16,
    403: 7,
    404: 12,
    429: 14,
    502: 14,
    503: 14,
    504: 14,
  };
  return known[status ?? 0] ?? 2;
}

const timeIsOver = 'rpc error: code = DeadlineExceeded desc = context deadline exceeded';

function describe(error: Error, target: string, signal: AbortSignal): string {
  if (error instanceof GrpcError)
    return `rpc error: code = ${codes[error.code] ?? `Code(${error.code})`} desc = ${error.message}`;
  if (!(error instanceof NoSessionError)) return 'rpc error: code = Unavailable desc = connection closed';
  const cause = describeDialError(error.cause as Error, target, signal);
  return `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing ${cause}"`;
}

/** Source: gRPC over HTTP/2, "Status-Message": percent-encoded. */
function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
