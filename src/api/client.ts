/** The Consul HTTP API as this project calls it: one method per endpoint used. */

import type { Closable, Runtime, Secret } from '../base/index.ts';
import { InputError } from '../base/index.ts';
import * as answers from './answers.ts';
import { ApiError } from './api-error.ts';
import type { BlockingQuery, HashQuery, Indexed } from './blocking-query.ts';
import { parseExact } from './exact-json.ts';
import { type FetchFunction, FetchTransport } from './fetch-transport.ts';
import { anything, type Shape } from './shape.ts';
import { type Answer, type Call, type ClientTls, HttpTransport } from './transport.ts';
import type {
  AgentSelf,
  AgentService,
  AuthorizeAnswer,
  AuthorizeQuestion,
  CaRoots,
  CatalogService,
  Intention,
  Leaf,
  QueryResult,
  ServiceEntry,
} from './wire.ts';

export interface ClientOptions {
  /** `http://host:port`, `https://host:port`, `unix:///path` or `host:port`. */
  readonly address: string;
  /** Asks an agent in this process, in place of the one at `address`. */
  readonly fetch?: FetchFunction;
  /** Asked for each call, so that it may change. */
  readonly token?: () => Secret | undefined;
  /** Where catalog, health, intentions and queries are read, unless a call names another. Default: the agent's own. */
  readonly datacenter?: string;
  readonly tls?: ClientTls;
  /** `user:password` for HTTP basic authentication. */
  readonly auth?: Secret;
  /** Connections for calls. Default 64. */
  readonly maxSockets?: number;
  /** Blocking queries at once. Default 128. */
  readonly maxWatches?: number;
  readonly runtime: Runtime;
}

export interface InDatacenter {
  readonly datacenter?: string | undefined;
}

/** For calls that have no method of their own. */
export interface RawCall extends InDatacenter {
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  /** A string goes out as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Milliseconds. Default 10 s. */
  readonly timeout?: number;
  /** Instead of the client's own. */
  readonly token?: Secret;
}

export interface RawAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON; integers beyond 2^53 as bigint. Throws `ApiError('BAD_ANSWER')`. */
  json(): unknown;
}

/**
 * Every method rejects with an `ApiError`, or with the reason of its signal.
 * Blocking queries and hash queries are functions to hand to `watch` and `watchHash`.
 */
export interface ConsulClient extends Closable {
  /** For messages. */
  readonly address: string;
  readonly roots: BlockingQuery<CaRoots>;
  /** By the service's name, never its ID. */
  leaf(service: string): BlockingQuery<Leaf>;
  /** Passing instances that take Connect traffic for `service`. */
  healthConnect(service: string, options?: InDatacenter): BlockingQuery<readonly ServiceEntry[]>;
  /** By destination, in the agent's order. Agents up to 1.8 send no index with it: watch `intentionsList` there. */
  intentionsMatch(destination: string): BlockingQuery<readonly Intention[]>;
  /** What the token may see of all intentions. */
  readonly intentionsList: BlockingQuery<readonly Intention[]>;
  /** By ID. Undefined, with an empty hash, while no such service is registered. */
  agentService(id: string): HashQuery<AgentService | undefined>;
  authorize(question: AuthorizeQuestion, signal?: AbortSignal): Promise<AuthorizeAnswer>;
  executeQuery(nameOrId: string, options?: InDatacenter, signal?: AbortSignal): Promise<QueryResult>;
  agentServices(signal?: AbortSignal): Promise<Readonly<Record<string, AgentService>>>;
  self(signal?: AbortSignal): Promise<AgentSelf>;
  catalogService(name: string, options?: InDatacenter, signal?: AbortSignal): Promise<readonly CatalogService[]>;
  /** `body` as the API takes it. */
  registerService(body: unknown, signal?: AbortSignal): Promise<void>;
  deregisterService(id: string, signal?: AbortSignal): Promise<void>;
  passCheck(id: string, note: string, signal?: AbortSignal): Promise<void>;
  call(method: Call['method'], path: string, options?: RawCall): Promise<RawAnswer>;
}

/** Milliseconds that a blocking query asks the agent to hold it; the agent adds up to a sixteenth. */
const waitTime = 300_000;
/** Agents before 1.4.1 ignore the wait time for leafs and answer after ten minutes. */
const leafWaitTime = 600_000;
const spareTime = 10_000;
/** Intentions can be many. */
const manyIntentions = 64 * 1024 * 1024;

/** Opens no connection yet. Throws `InputError` for an address that can't be one. */
export function createClient(options: ClientOptions): ConsulClient {
  const transport = options.fetch ? new FetchTransport(options.fetch, options) : new HttpTransport(options);

  const inDatacenter = (given?: InDatacenter): Record<string, string> => {
    const datacenter = given?.datacenter ?? options.datacenter;
    return datacenter === undefined ? {} : { dc: datacenter };
  };

  const read = async <T>(shape: Shape<T>, call: Call): Promise<T> => checked(shape, call, await transport.send(call));

  const get = <T>(shape: Shape<T>, path: string, query: Record<string, string>, signal?: AbortSignal): Promise<T> =>
    read(shape, { method: 'GET', path, query: new URLSearchParams(query), signal });

  const put = async (path: string, query: Record<string, string>, body: unknown, signal?: AbortSignal) => {
    const text = body === undefined ? {} : { body: bodyText(body) };
    await transport.send({ method: 'PUT', path, query: new URLSearchParams(query), signal, ...text });
  };

  const blocking =
    <T>(shape: Shape<T>, path: string, query: Record<string, string>, special: Special = {}): BlockingQuery<T> =>
    async (index, signal) => {
      const { wait = waitTime, maxAnswer } = special;
      const waiting = index > 0 ? { index: String(index), wait: `${waitTime / 1000}s` } : {};
      const call: Call = {
        method: 'GET',
        path,
        query: new URLSearchParams({ ...query, ...waiting }),
        isWatch: true,
        signal,
        timeout: wait + wait / 16 + spareTime,
        ...(maxAnswer === undefined ? {} : { maxAnswer }),
      };
      const answer = await transport.send(call);
      return { value: checked(shape, call, answer), ...progressOf(answer) };
    };

  return {
    address: transport.address,
    roots: blocking(answers.caRoots, '/v1/agent/connect/ca/roots', {}),
    leaf: (service) =>
      blocking(answers.leaf, `/v1/agent/connect/ca/leaf/${encodeURIComponent(service)}`, {}, { wait: leafWaitTime }),
    healthConnect: (service, given) =>
      blocking(answers.serviceEntries, `/v1/health/connect/${encodeURIComponent(service)}`, {
        passing: '1',
        stale: '',
        ...inDatacenter(given),
      }),
    intentionsMatch: (destination) =>
      blocking(
        (value, place) => answers.matches(value, place)[destination] ?? [],
        '/v1/connect/intentions/match',
        { by: 'destination', name: destination, ...inDatacenter() },
        { maxAnswer: manyIntentions },
      ),
    intentionsList: blocking(answers.intentions, '/v1/connect/intentions', inDatacenter(), {
      maxAnswer: manyIntentions,
    }),

    agentService: (id) => async (hash, signal) => {
      const call: Call = {
        method: 'GET',
        path: `/v1/agent/service/${encodeURIComponent(id)}`,
        query: new URLSearchParams(hash === '' ? {} : { hash, wait: `${waitTime / 1000}s` }),
        isWatch: true,
        signal,
        timeout: waitTime + waitTime / 16 + spareTime,
      };
      try {
        const answer = await transport.send(call);
        const value = checked(answers.agentService, call, answer);
        return { value, hash: headerOf(answer, 'x-consul-contenthash') };
      } catch (error) {
        if (error instanceof ApiError && error.code === 'NOT_FOUND') return { value: undefined, hash: '' };
        throw error;
      }
    },

    authorize: ({ target, uri, serial }, signal) =>
      read(answers.authorizeAnswer, {
        method: 'POST',
        path: '/v1/agent/connect/authorize',
        body: JSON.stringify({ Target: target, ClientCertURI: uri, ClientCertSerial: serial }),
        isRepeatable: true, // it only asks
        signal,
      }),
    executeQuery: (nameOrId, given, signal) =>
      get(
        answers.queryResult,
        `/v1/query/${encodeURIComponent(nameOrId)}/execute`,
        { connect: 'true', stale: '', ...inDatacenter(given) },
        signal,
      ),
    agentServices: (signal) => get(answers.agentServices, '/v1/agent/services', {}, signal),
    self: (signal) => get(answers.agentSelf, '/v1/agent/self', {}, signal),
    catalogService: (name, given, signal) =>
      get(answers.catalogServices, `/v1/catalog/service/${encodeURIComponent(name)}`, inDatacenter(given), signal),
    registerService: (body, signal) => put('/v1/agent/service/register', {}, body, signal),
    deregisterService: (id, signal) =>
      put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`, {}, undefined, signal),
    passCheck: (id, note, signal) => put(`/v1/agent/check/pass/${encodeURIComponent(id)}`, { note }, undefined, signal),

    call: async (method, path, { query = {}, body, datacenter, ...rest } = {}) => {
      const parameters = parametersOf({ ...inDatacenter({ datacenter }), ...query });
      const text = body === undefined ? {} : { body: bodyText(body) };
      const call: Call = { method, path, query: parameters, ...text, ...rest };
      const answer = await transport.send(call);
      return { ...answer, json: () => checked(anything, call, answer, parseExact) };
    },
    close: (closing) => transport.close(closing),
    [Symbol.asyncDispose]: () => transport.close(),
  };
}

interface Special {
  /** Milliseconds after which an answer must be on its way. */
  readonly wait?: number;
  readonly maxAnswer?: number;
}

function checked<T>(shape: Shape<T>, call: Call, answer: Answer, parse: (text: string) => unknown = JSON.parse): T {
  try {
    return shape(parse(answer.text), '');
  } catch (cause) {
    const why = cause instanceof InputError ? cause.message : 'it is no JSON'; // a parser's message quotes the text
    throw new ApiError('BAD_ANSWER', `the answer to ${call.method} ${call.path} can't be used: ${why}`, {
      status: answer.status,
    });
  }
}

function progressOf(answer: Answer): Omit<Indexed<never>, 'value'> {
  const index = Number(headerOf(answer, 'x-consul-index'));
  return {
    index: Number.isSafeInteger(index) && index > 0 ? index : 0,
    knownLeader: headerOf(answer, 'x-consul-knownleader') !== 'false',
  };
}

function headerOf(answer: Answer, name: string): string {
  const value = answer.headers[name];
  return typeof value === 'string' ? value : '';
}

const bodyText = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body));

function parametersOf(query: NonNullable<RawCall['query']>): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one));
  }
  return parameters;
}
