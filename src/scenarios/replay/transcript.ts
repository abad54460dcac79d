/** One recorded exchange with a real agent, read from its file. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Message {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface Exchange {
  /** `034-agent-service-sidecar`. */
  readonly name: string;
  readonly number: number;
  readonly notes: readonly string[];
  /** Seconds that the answer took. */
  readonly elapsed: number;
  readonly request: Message & { readonly method: string; readonly target: string };
  readonly response: Message & { readonly status: number };
}

const folder = fileURLToPath(new URL('./transcripts/', import.meta.url));

/** The exchanges of one version in the order of their numbers, `from` to `to` included. */
export function readExchanges(version: string, from: number, to: number): Exchange[] {
  return readdirSync(folder)
    .filter((file) => file.startsWith(`${version}-`) && file.endsWith('.http'))
    .sort()
    .map((file) =>
      parseExchange(file.slice(version.length + 1, -'.http'.length), readFileSync(join(folder, file), 'utf8')),
    )
    .filter(({ number }) => number >= from && number <= to);
}

function parseExchange(name: string, text: string): Exchange {
  const [comments = '', exchange = ''] = split(text, '>>> REQUEST\n');
  const [request = '', response = ''] = split(exchange, '<<< RESPONSE\n');
  const asked = parseMessage(request);
  const answered = parseMessage(response);
  const [method = '', target = ''] = asked.firstLine.split(' ');
  const lines = comments.split('\n').filter((line) => line.startsWith('# '));
  return {
    name,
    number: Number(name.slice(0, 3)),
    notes: lines.slice(1).map((line) => line.slice(2)),
    elapsed: Number(/elapsed=([\d.]+)s/.exec(comments)?.[1] ?? 0),
    request: { ...asked, body: asked.body.trim(), method, target },
    response: { ...answered, body: exactBody(answered), status: Number(answered.firstLine.split(' ')[1]) },
  };
}

function parseMessage(text: string): Message & { firstLine: string } {
  const [head = '', body = ''] = split(text, '\n\n');
  const [firstLine = '', ...headers] = head.split('\n');
  const entries = headers.map((line): [string, string] => {
    const [name = '', value = ''] = split(line, ':');
    return [name.toLowerCase(), value.trim()];
  });
  return { firstLine, headers: new Map(entries), body };
}

/** The files end in a newline of their own; where the length is known, it says what belongs to the body. */
function exactBody({ headers, body }: Message): string {
  const length = headers.get('content-length');
  return length === undefined ? body.replace(/\n$/, '') : Buffer.from(body).subarray(0, Number(length)).toString();
}

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}
