import { once } from 'node:events';
import http from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { Message } from './transcript.ts';

export interface Answer extends Message {
  readonly status: number;
  /** Seconds from the request to the end of the answer. */
  readonly elapsed: number;
}

/** One request on a connection of its own, as the recorder sent them. Rejects when `signal` aborts before the answer. */
export async function ask(
  port: number,
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal?: AbortSignal,
): Promise<Answer> {
  const began = process.hrtime.bigint();
  const request = http.request({
    host: '127.0.0.1',
    port,
    method,
    path: target,
    headers: { ...headers, Connection: 'close' },
    agent: false,
    ...(signal === undefined ? {} : { signal }),
  });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const received = Buffer.concat(chunks);
  const entries = Object.entries(response.headers).map(([name, value]): [string, string] => [name, String(value)]);
  return {
    status: response.statusCode ?? 0,
    headers: new Map(entries),
    body: (response.headers['content-encoding'] === 'gzip' ? gunzipSync(received) : received).toString(),
    elapsed: Number(process.hrtime.bigint() - began) / 1e9,
  };
}
