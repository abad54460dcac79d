/** From a handler's reply, or what it threw, to the bytes that go out. The one place that turns errors into statuses. */

import { crc32, gzipSync } from 'node:zlib';
import { InputError, type Log, messageOf } from '../base/index.ts';
import { encodeJson } from './go-json.ts';
import { HttpError, type HttpReply, Json } from './route.ts';

export interface Encoding {
  readonly pretty: boolean;
  readonly gzip: boolean;
}

export interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Whatever is not meant for the client becomes `internal error`, and a line in the log. */
export function replyOfError(error: unknown, log: Log): HttpReply {
  if (error instanceof HttpError) return { status: error.status, headers: error.headers, body: error.message };
  if (error instanceof InputError) return { status: 400, body: error.message };
  log.error('request failed', { error: messageOf(error), stack: error instanceof Error ? error.stack : undefined });
  return { status: 500, body: 'internal error' };
}

export function encodeReply(reply: HttpReply, encoding: Encoding): Response {
  const plain = encodeBody(reply.body, encoding.pretty);
  const zipped = encoding.gzip && plain.length > 0 ? compress(reply.body, plain) : undefined;
  const body = zipped ?? plain;
  return {
    status: reply.status,
    headers: {
      ...(reply.body === undefined ? {} : { 'Content-Type': contentType(reply.body) }),
      ...(zipped ? { 'Content-Encoding': 'gzip' } : {}),
      ...reply.headers,
      'Content-Length': String(body.length),
    },
    body,
  };
}

/** Whether `Accept-Encoding` takes gzip. */
export function acceptsGzip(header: string | undefined): boolean {
  if (header === undefined) return false;
  return header.split(',').some((part) => /^\s*(gzip|\*)\s*(;(?!\s*q=0(\.0*)?\s*$).*)?$/i.test(part));
}

/** One `Json` may answer thousands of requests that wake together: what it becomes is kept with it. */
const encoded = new WeakMap<Json, Map<boolean, Buffer>>();
const zippedOf = new WeakMap<Buffer, Buffer>();

function encodeBody(body: HttpReply['body'], pretty: boolean): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  if (!(body instanceof Json)) return typeof body === 'string' ? Buffer.from(body) : body;
  const known = encoded.get(body) ?? new Map<boolean, Buffer>();
  encoded.set(body, known);
  const bytes = known.get(pretty) ?? Buffer.from(encodeJson(body.value, pretty) + (pretty ? '\n' : ''));
  known.set(pretty, bytes);
  return bytes;
}

function compress(body: HttpReply['body'], plain: Buffer): Buffer {
  if (plain.length <= mostStored) return store(plain);
  if (!(body instanceof Json)) return gzipSync(plain);
  const zipped = zippedOf.get(plain) ?? gzipSync(plain);
  zippedOf.set(plain, zipped);
  return zipped;
}

function contentType(body: string | Buffer | Json): string {
  if (body instanceof Json) return 'application/json';
  return typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/octet-stream';
}

/** Up to this size an answer fits into one packet as it is, and a compressor costs more than all the rest of a request. */
const mostStored = 1_200;

/** A gzip stream of one block that is not compressed. Source: RFC 1952, 2.3; RFC 1951, 3.2.4. */
function store(plain: Buffer): Buffer {
  const stream = Buffer.alloc(10 + 5 + plain.length + 8);
  stream.set([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1]);
  stream.writeUInt16LE(plain.length, 11);
  stream.writeUInt16LE(~plain.length & 0xffff, 13);
  plain.copy(stream, 15);
  stream.writeUInt32LE(crc32(plain), 15 + plain.length);
  stream.writeUInt32LE(plain.length, 19 + plain.length);
  return stream;
}
