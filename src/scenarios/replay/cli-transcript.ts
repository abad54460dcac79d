/** Commands given to the real CLI of one version, with every request that each of them sent, what came back, and what it printed. */

import { readFileSync } from 'node:fs';

export interface RecordedAnswer {
  /** Seconds since the recording began. */
  readonly at: number;
  readonly status: number;
  /** By lower-case name. Bodies of answers were not recorded. */
  readonly headers: ReadonlyMap<string, string>;
}

export interface RecordedRequest {
  readonly at: number;
  readonly method: string;
  readonly target: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Absent where the client ended before there was one. */
  readonly answer: RecordedAnswer | undefined;
}

export interface RecordedCommand {
  /** What followed `consul` on the command line. */
  readonly line: string;
  readonly requests: readonly RecordedRequest[];
  /** 124: it ran until it was interrupted. */
  readonly exitCode: number;
  /** Both streams as they came, without the space at the end. */
  readonly output: string;
}

export function readCommands(version: string): RecordedCommand[] {
  return parseCommands(readFileSync(new URL(`./transcripts/${version}-cli-requests.txt`, import.meta.url), 'utf8'));
}

export function parseCommands(text: string): RecordedCommand[] {
  return text
    .split(/^#{8} \$ consul /m)
    .slice(1)
    .map(parseCommand);
}

function parseCommand(text: string): RecordedCommand {
  const ending = /^---- exit (\d+); output:\n/m.exec(text);
  if (ending === null) throw new Error(`no end of a command: ${text.slice(0, 80)}`);
  const traffic = text.slice(0, ending.index);
  return {
    line: traffic.slice(0, traffic.indexOf('\n')),
    requests: parseTraffic(traffic),
    exitCode: Number(ending[1]),
    output: text.slice(ending.index + ending[0].length).trimEnd(),
  };
}

/** `[  0.364s conn 1] >>>` begins a request, `[  0.385s conn 1] <<< HTTP/1.1 200 OK` an answer. */
const mark = /^\[ *([\d.]+)s conn (\d+)\] (>>>|<<< HTTP\/1\.1 (\d+).*)\n/gm;

/** An answer belongs to the earliest request on its connection that has none: clients of HTTP/1.1 that wait for it. */
function parseTraffic(traffic: string): RecordedRequest[] {
  const requests: RecordedRequest[] = [];
  const open = new Map<string, number[]>();
  const marks = [...traffic.matchAll(mark)];
  for (const [index, [whole, at = '', connection = '', , status]] of marks.entries()) {
    const begin = (marks[index]?.index ?? 0) + whole.length;
    const part = traffic.slice(begin, marks[index + 1]?.index);
    const waiting = open.get(connection) ?? [];
    open.set(connection, waiting);
    if (status === undefined) {
      waiting.push(requests.length);
      requests.push(parseRequest(Number(at), part));
      continue;
    }
    const asked = waiting.shift() ?? -1;
    const request = requests[asked];
    if (request === undefined) throw new Error(`an answer without a request at ${at} s`);
    const headers = parseHeaders(part.trim().split('\n'));
    requests[asked] = { ...request, answer: { at: Number(at), status: Number(status), headers } };
  }
  return requests;
}

function parseRequest(at: number, text: string): RecordedRequest {
  const end = text.indexOf('\n\n');
  const [head, body] = [text.slice(0, end), text.slice(end + 2)];
  const [first = '', ...lines] = head.split('\n');
  const [method = '', target = ''] = first.split(' ');
  const headers = parseHeaders(lines);
  return { at, method, target, headers, body: body.slice(0, bodyLength(headers)), answer: undefined };
}

/** In characters too: what was sent is ASCII. */
function bodyLength(headers: ReadonlyMap<string, string>): number {
  return Number(headers.get('content-length') ?? 0);
}

function parseHeaders(lines: readonly string[]): Map<string, string> {
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}
