/**
 * `/v1/config`: configuration entries by kind and name. What a kind means is its own file's business; here are paths, checks of the index
 * (`cas`) and answers.
 */

import { InputError } from '../../base/index.ts';
import { HttpError, type HttpReply, type HttpRequest, parseJson, type Route } from '../../http/index.ts';
import type { Authorizer } from '../acl/authorizer.ts';
import type { Transaction } from '../state/store.ts';
import type { Indexed } from '../state/tables.ts';
import { indexed, plain } from './blocking.ts';
import { refuseOtherDatacenter } from './consistency.ts';
import type { ApiContext } from './context.ts';
import { denied } from './permissions.ts';
import type { Reading } from './reading.ts';

/** One kind of entries. */
export interface ConfigKind {
  readonly kind: string;
  /** What the body of a PUT asks for. Throws HttpError. */
  read(body: Buffer): ConfigWrite;
  /** What ACL rules call the right to such an entry. */
  readonly right: string;
  mayRead(authorizer: Authorizer, name: string): boolean;
  mayWrite(authorizer: Authorizer, name: string): boolean;
  /** All stored entries as the API shows them. */
  list(context: ApiContext): readonly { readonly name: string; readonly shown: object }[];
  find(context: ApiContext, name: string): object | undefined;
  readonly topicOfAll: string;
  topicOf(name: string): string;
  /** The stored row, for its index. */
  rowOf(tx: Transaction, name: string): Indexed | undefined;
  remove(tx: Transaction, name: string): void;
}

export interface ConfigWrite {
  readonly name: string;
  /** Stores the entry, or refuses with an HttpError. */
  apply(tx: Transaction): void;
}

/** Kinds of Consul that this agent does not keep. */
const otherKinds: ReadonlySet<string> = new Set([
  'service-defaults',
  'proxy-defaults',
  'service-router',
  'service-splitter',
  'service-resolver',
  'ingress-gateway',
  'terminating-gateway',
  'api-gateway',
  'bound-api-gateway',
  'http-route',
  'tcp-route',
  'file-system-certificate',
  'inline-certificate',
  'mesh',
  'exported-services',
  'sameness-group',
  'control-plane-request-limit',
  'jwt-provider',
]);

export function configRoutes(context: ApiContext, kinds: readonly ConfigKind[]): Route[] {
  const kindNamed = (name: string, refuse: (problem: string) => HttpError): ConfigKind => {
    const kind = kinds.find((one) => one.kind === name);
    if (kind !== undefined) return kind;
    if (otherKinds.has(name))
      throw new HttpError(501, `this agent keeps no config entries of kind ${JSON.stringify(name)}`);
    throw refuse(`invalid config entry kind: ${name}`);
  };
  const inPath = (problem: string): HttpError => new HttpError(500, problem);

  return [
    {
      path: '/v1/config',
      methods: {
        PUT: (request) => put(context, request, kindNamed(kindInBody(request), badBody)),
      },
    },
    {
      path: '/v1/config/',
      methods: {
        GET: (request) => {
          const [kindName, name] = split(request.rest);
          const kind = kindNamed(kindName, inPath);
          const read =
            name === '' ? () => readAll(context, request, kind) : () => readOne(context, request, kind, name);
          return indexed(context, request, { style: 'server' }, read);
        },
        DELETE: (request) => {
          const [kindName, name] = split(request.rest);
          return remove(context, request, kindNamed(kindName, inPath), name);
        },
      },
    },
  ];
}

async function put(context: ApiContext, request: HttpRequest, kind: ConfigKind): Promise<HttpReply> {
  refuseOtherDatacenter(context, request);
  const expected = expectedIndex(request);
  const entry = kind.read(request.body);
  if (!kind.mayWrite(context.authorizerOf(request), entry.name)) throw denied(`${kind.right}:write on ${entry.name}`);
  const isWritten = await context.store.write((tx) => {
    if (!isExpected(expected, kind.rowOf(tx, entry.name))) return false;
    entry.apply(tx);
    return true;
  });
  return plain(context, isWritten);
}

async function remove(context: ApiContext, request: HttpRequest, kind: ConfigKind, name: string): Promise<HttpReply> {
  refuseOtherDatacenter(context, request);
  if (name === '') throw new HttpError(404, 'Must provide both kind and name to delete');
  const expected = expectedIndex(request);
  if (!kind.mayWrite(context.authorizerOf(request), name)) throw denied(`${kind.right}:write on ${name}`);
  const isRemoved = await context.store.write((tx) => {
    if (!isExpected(expected, kind.rowOf(tx, name))) return false;
    kind.remove(tx, name);
    return true;
  });
  return plain(context, expected === undefined ? {} : isRemoved);
}

function readAll(context: ApiContext, request: HttpRequest, kind: ConfigKind): Reading {
  const authorizer = context.authorizerOf(request);
  const value = kind
    .list(context)
    .filter(({ name }) => kind.mayRead(authorizer, name))
    .map(({ shown }) => shown);
  return { value, topics: [kind.topicOfAll] };
}

function readOne(context: ApiContext, request: HttpRequest, kind: ConfigKind, name: string): Reading {
  if (!kind.mayRead(context.authorizerOf(request), name)) throw denied(`${kind.right}:read on ${name}`);
  const topics = [kind.topicOf(name)];
  const value = kind.find(context, name);
  if (value !== undefined) return { value, topics };
  const text = `Config entry not found for ${JSON.stringify(kind.kind)} / ${JSON.stringify(name)}`;
  return { value: null, topics, status: 404, text };
}

/** From `cas`: the index that the stored entry must have, 0 for none stored; undefined when any will do. */
function expectedIndex({ query }: HttpRequest): number | undefined {
  const cas = query.get('cas');
  if (cas === null) return undefined;
  if (!/^\d{1,16}$/.test(cas))
    throw new HttpError(400, `Bad request: expected an index in cas, found ${JSON.stringify(cas)}`);
  return Number(cas);
}

function isExpected(expected: number | undefined, row: Indexed | undefined): boolean {
  return expected === undefined || expected === (row?.modifyIndex ?? 0);
}

function kindInBody(request: HttpRequest): string {
  let body: unknown;
  try {
    body = parseJson(request.body);
  } catch (error) {
    throw error instanceof InputError ? badBody(error.message) : error;
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badBody('expected an object');
  const kind = Object.entries(body).find(([key]) => key.toLowerCase() === 'kind')?.[1];
  if (typeof kind !== 'string' || kind === '')
    throw badBody('Payload does not contain a kind/Kind key at the top level');
  return kind;
}

/** For what can't be read in a PUT. */
export function badBody(problem: string): HttpError {
  return new HttpError(400, `Bad request: Request decoding failed: ${problem}`);
}

function split(rest: string): [string, string] {
  const slash = rest.indexOf('/');
  return slash < 0 ? [rest, ''] : [rest.slice(0, slash), rest.slice(slash + 1)];
}
