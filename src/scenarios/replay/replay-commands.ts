/** Sends the requests of recorded commands in their order to an agent of ours and collects what the client would notice. */

import type { RecordedCommand, RecordedRequest } from './cli-transcript.ts';
import { compareHeaders, type Difference } from './compare.ts';
import { type Answer, ask } from './http.ts';
import { lacking } from './shape.ts';
import { StandIns } from './stand-ins.ts';
import type { Exchange } from './transcript.ts';

export interface CommandScript {
  readonly port: number;
  /** Recorded on the same version, with bodies: the first answer of an endpoint says what a client reads there. */
  readonly examples: readonly Exchange[];
}

export interface CommandOutcome {
  /** The command line and its place in the recording. */
  readonly exchange: { readonly name: string; readonly number: number };
  /** Each begins with the request. */
  readonly differences: readonly Difference[];
}

/** Recorded answers that took longer than this, in seconds, were waited for. */
const blocked = 1;

export async function replayCommands(
  commands: readonly RecordedCommand[],
  script: CommandScript,
): Promise<CommandOutcome[]> {
  const standIns = new StandIns(new Map());
  const intention = firstIntentionId(commands);
  const outcomes: CommandOutcome[] = [];
  for (const [number, command] of commands.entries()) {
    const differences = await replayCommand(command, script, standIns, intention);
    outcomes.push({ exchange: { name: command.line, number }, differences });
  }
  return outcomes;
}

async function replayCommand(
  { requests }: RecordedCommand,
  { port, examples }: CommandScript,
  standIns: StandIns,
  intention: string,
): Promise<Difference[]> {
  const differences: Difference[] = [];
  await using waits = new Waits();
  for (const request of requests) {
    if (isWait(request)) {
      waits.add(request, (signal) => send(request, port, standIns, signal));
      continue;
    }
    const answer = await send(request, port, standIns);
    differences.push(...placed(request, compare(request, answer, examples)));
    standIns.learnHeaders(request.target, request.answer?.headers ?? new Map(), answer.headers);
    if (isCreation(request) && answer.status === 200) standIns.learn(intention, answer.body);
  }
  await send(leader, port, standIns); // by when a query that does not wait would have its answer
  for (const { request, answer } of waits.answered) {
    differences.push(...placed(request, [{ place: 'blocking', recorded: 'waits', ours: `answers ${answer.status}` }]));
  }
  return differences;
}

function placed({ method, target }: RecordedRequest, differences: readonly Difference[]): Difference[] {
  const path = target.split('?')[0];
  return differences.map((one) => ({ ...one, place: `${method} ${path}: ${one.place}` }));
}

function send(request: RecordedRequest, port: number, standIns: StandIns, signal?: AbortSignal): Promise<Answer> {
  const headers = Object.fromEntries([...request.headers].filter(([name]) => name !== 'connection'));
  const body = standIns.translate(request.body);
  return ask(port, request.method, standIns.translateTarget(request.target), headers, body, signal);
}

function compare(
  { method, target, answer }: RecordedRequest,
  ours: Answer,
  examples: readonly Exchange[],
): Difference[] {
  if (answer === undefined) return [];
  const { status, headers } = answer;
  if (status !== ours.status) {
    return [{ place: 'status', recorded: String(status), ours: `${ours.status} ${ours.body.slice(0, 200)}` }];
  }
  const differences = compareHeaders({ headers, body: '' }, ours);
  const isJson = ours.headers.get('content-type') === 'application/json';
  if (!isJson || headers.get('content-type') !== 'application/json') return differences;
  const endpoint = endpointOf(method, target);
  const example = examples.find(({ request, response }) => {
    return response.status === 200 && endpointOf(request.method, request.target) === endpoint;
  });
  if (example === undefined) return [...differences, { place: 'body', recorded: 'no example', ours: endpoint }];
  return [...differences, ...lacking(JSON.parse(example.response.body), JSON.parse(ours.body), keyed.has(endpoint))];
}

const leader: RecordedRequest = {
  at: 0,
  method: 'GET',
  target: '/v1/status/leader',
  headers: new Map(),
  body: '',
  answer: undefined,
};

/** Their answers are maps by names. */
const keyed: ReadonlySet<string> = new Set([
  'GET /v1/catalog/services',
  'GET /v1/agent/services',
  'GET /v1/agent/checks',
  'GET /v1/connect/intentions/match',
]);

/** With `*` for a name or an ID. */
function endpointOf(method: string, target: string): string {
  const path = target
    .split('?')[0]
    ?.replace(/^(\/v1\/(?:catalog\/service|agent\/service|agent\/connect\/ca\/leaf))\/[^/]+$/, '$1/*')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, '*');
  return `${method} ${path}`;
}

function isWait({ at, answer }: RecordedRequest): boolean {
  return answer === undefined || answer.at - at > blocked;
}

function isCreation({ method, target }: RecordedRequest): boolean {
  return method === 'POST' && target === '/v1/connect/intentions';
}

/** Under which later requests name the intention that was created first. */
function firstIntentionId(commands: readonly RecordedCommand[]): string {
  const targets = commands.flatMap(({ requests }) => requests.map(({ target }) => target));
  return targets.map((target) => /^\/v1\/connect\/intentions\/(.{36})$/.exec(target)?.[1]).find(Boolean) ?? '';
}

/** Queries that were still waiting when their client ended, or long after; they are given up as they were then. */
class Waits implements AsyncDisposable {
  readonly answered: { readonly request: RecordedRequest; readonly answer: Answer }[] = [];
  readonly #ending = new AbortController();
  readonly #open: Promise<unknown>[] = [];

  add(request: RecordedRequest, start: (signal: AbortSignal) => Promise<Answer>): void {
    const waiting = start(this.#ending.signal).then(
      (answer) => this.answered.push({ request, answer }),
      () => undefined,
    );
    this.#open.push(waiting);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#open);
  }
}
