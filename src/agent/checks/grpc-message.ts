/**
 * The two messages of gRPC's health service as bytes. Each has one field that matters, so they are written and read by hand.
 * Source: grpc/health/v1/health.proto; Protocol Buffers, "Encoding"; gRPC over HTTP/2, "Length-Prefixed-Message".
 */

const prefixLength = 5;
/** An answer is a few bytes; nothing longer is read. */
export const longestAnswer = 4_096;

/** `HealthCheckRequest { string service = 1 }`, with its prefix. An empty name asks for the server as a whole. */
export function encodeHealthRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a]), encodeVarint(name.length), name]);
  const prefix = Buffer.alloc(prefixLength);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** The enumeration's number in `HealthCheckResponse { ServingStatus status = 1 }`; undefined when these bytes are no such answer. */
export function decodeHealthStatus(body: Buffer): number | undefined {
  if (body.length < prefixLength || body.readUInt8(0) !== 0) return undefined; // compressed, which was not offered
  if (body.readUInt32BE(1) !== body.length - prefixLength) return undefined;
  let rest = body.subarray(prefixLength);
  let status = 0; // what is not sent is the first of an enumeration
  while (rest.length > 0) {
    const field = readField(rest);
    if (field === undefined) return undefined;
    if (field.tag === 8) status = field.value;
    rest = rest.subarray(field.length);
  }
  return status;
}

interface Field {
  /** Number and wire type. */
  readonly tag: number;
  /** Of a varint; otherwise 0. */
  readonly value: number;
  readonly length: number;
}

function readField(bytes: Buffer): Field | undefined {
  const tag = readVarint(bytes, 0);
  if (tag === undefined || tag.value >> 3 === 0) return undefined;
  const start = tag.end;
  const wireType = tag.value & 7;
  if (wireType === 1 || wireType === 5) return skip(tag.value, start + (wireType === 1 ? 8 : 4), bytes);
  const varint = readVarint(bytes, start);
  if (varint === undefined) return undefined;
  if (wireType === 0) return { tag: tag.value, value: varint.value, length: varint.end };
  return wireType === 2 ? skip(tag.value, varint.end + varint.value, bytes) : undefined;
}

function skip(tag: number, length: number, bytes: Buffer): Field | undefined {
  return length <= bytes.length ? { tag, value: 0, length } : undefined;
}

/** Up to ten bytes; what is beyond 53 bits loses precision, and is no value that means anything here. */
function readVarint(bytes: Buffer, start: number): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let at = start; at < Math.min(bytes.length, start + 10); at += 1) {
    const byte = bytes.readUInt8(at);
    value += (byte & 0x7f) * 2 ** (7 * (at - start));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  return undefined;
}

function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
