/** The show: one request that is allowed, with the way it took, and one that is refused, with the reason. */

import type { ConsulClient } from '../../api/index.ts';
import { CommandFailure } from '../failure.ts';
import type { Paint } from '../paint.ts';
import type { Trace } from './applications.ts';
import { httpGet } from './http-get.ts';
import type { DemoMesh, Ports } from './mesh.ts';
import { drawPicture, formatTime } from './picture.ts';

export interface Stage {
  readonly print: (text: string) => void;
  readonly paint: Paint;
  /** Milliseconds, with fractions. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Milliseconds for one request. */
const bound = 10_000;

/** Throws CommandFailure when the request was not answered as it should be. */
export async function showAllowed(mesh: DemoMesh, { print, paint, now, signal }: Stage): Promise<void> {
  const began = now();
  const outcome = await httpGet(mesh.ports.web, '/', AbortSignal.any([signal, AbortSignal.timeout(bound)]));
  const ended = now();
  if (outcome.kind === 'failed') throw new CommandFailure(`web did not answer: ${outcome.code}`);
  if (outcome.status !== 200 || !outcome.body.includes('hello')) {
    throw new CommandFailure(`web answered ${outcome.status}: ${outcome.body}\n${lastLinesOf(mesh)}`);
  }
  const facts = await learnFacts(mesh.client, mesh.intentionId, signal);
  if (!facts.webMayCallApi.allowed)
    throw new CommandFailure(`The agent refuses web → api: ${facts.webMayCallApi.reason}`);

  print(`${paint('bold', 'A request through the mesh')}, answered in ${formatTime(ended - began)}:\n`);
  print(drawPicture(pictureOf(mesh, facts, timesOf(mesh.applications.trace(), began, ended), paint), paint));
  print(`\n  answer  ${outcome.body.trim()}`);
  print(`  who     ${facts.webId}`);
  print(`  agent   “${facts.webMayCallApi.reason}”`);
}

/** Throws CommandFailure when the request was not refused, or not by the agent's word. */
export async function showRefused(mesh: DemoMesh, { print, paint, now, signal }: Stage): Promise<void> {
  const requestsBefore = mesh.applications.apiRequests();
  const began = now();
  const outcome = await httpGet(mesh.ports.batchToApi, '/', AbortSignal.any([signal, AbortSignal.timeout(bound)]));
  const took = now() - began;
  if (outcome.kind === 'answer') {
    throw new CommandFailure(`batch got an answer, which no intention allows: ${outcome.status} ${outcome.body}`);
  }
  if (mesh.applications.apiRequests() !== requestsBefore) {
    throw new CommandFailure('the request of batch reached api, which no intention allows');
  }
  const batch = await identityOf(mesh.client, 'batch', signal);
  const decision = await mesh.client.authorize({ target: 'api', uri: batch.spiffeId, serial: batch.serial }, signal);
  if (decision.Authorized) throw new CommandFailure(`the agent allows batch → api: ${decision.Reason}`);
  const { value: intentions } = await mesh.client.intentionsMatch('api')(0, signal);
  const fits = intentions.filter(({ SourceName: source }) => source === 'batch' || source === '*');

  print(`\n${paint('bold', 'A refused one')}, in ${formatTime(took)}:\n`);
  print(
    `  batch ${paint('red', '──✗──')} api   ${paint('red', `connection reset (${outcome.code})`)}; api has not seen it`,
  );
  print(`  who     ${batch.spiffeId}`);
  print(
    `  why     ${fits.length === 0 ? 'no intention matches batch → api, so the default decides: deny' : 'an intention'}`,
  );
  print(`  agent   “${decision.Reason}”`);
}

interface Times {
  readonly toWeb: number;
  readonly throughMesh: number;
  readonly back: number;
  readonly toUser: number;
}

function timesOf(trace: Readonly<Trace>, began: number, ended: number): Times {
  const { webReached, webAsks, apiReached, apiAnswers, webGotAnswer } = trace;
  const between = (from: number | undefined, to: number | undefined): number =>
    (to ?? Number.NaN) - (from ?? Number.NaN);
  return {
    toWeb: between(began, webReached),
    throughMesh: between(webAsks, apiReached),
    back: between(apiAnswers, webGotAnswer),
    toUser: between(webGotAnswer, ended),
  };
}

interface Facts {
  readonly webId: string;
  readonly apiId: string;
  readonly webMayCallApi: { readonly allowed: boolean; readonly reason: string };
  readonly intention: string;
}

async function learnFacts(client: ConsulClient, intentionId: string, signal: AbortSignal): Promise<Facts> {
  const [web, api] = await Promise.all([identityOf(client, 'web', signal), identityOf(client, 'api', signal)]);
  const decision = await client.authorize({ target: 'api', uri: web.spiffeId, serial: web.serial }, signal);
  return {
    webId: web.spiffeId,
    apiId: api.spiffeId,
    webMayCallApi: { allowed: decision.Authorized, reason: decision.Reason },
    intention: `intention ${intentionId.slice(0, 8)}, web → api`,
  };
}

interface ProvedIdentity {
  readonly spiffeId: string;
  readonly serial: string;
}

async function identityOf(client: ConsulClient, service: string, signal: AbortSignal): Promise<ProvedIdentity> {
  const { value } = await client.leaf(service)(0, signal);
  return { spiffeId: value.ServiceURI, serial: value.SerialNumber };
}

/** For the picture: of the trust domain the beginning is enough. */
function shorten(spiffeId: string): string {
  return spiffeId.replace(/-[0-9a-f-]+\.consul/, '….consul');
}

function pictureOf({ ports }: DemoMesh, facts: Facts, times: Times, paint: Paint): Parameters<typeof drawPicture>[0] {
  const time = (ms: number): string => paint('cyan', formatTime(ms));
  return {
    stations: [
      { title: 'you', lines: [`curl http://127.0.0.1:${ports.web}/`] },
      {
        title: 'web',
        lines: [`application on 127.0.0.1:${ports.web}; asks api at its own 127.0.0.1:${ports.webToApi}`],
      },
      { title: 'sidecar of web', lines: [`listens on 127.0.0.1:${ports.webToApi}`, `proves ${shorten(facts.webId)}`] },
      {
        title: 'sidecar of api',
        lines: [
          `listens on 127.0.0.1:${ports.apiSidecar}`,
          `proves ${shorten(facts.apiId)}`,
          `lets web in: ${facts.intention}`,
        ],
      },
      { title: 'api', lines: [`application on 127.0.0.1:${ports.api}`] },
    ],
    legs: [
      { isEncrypted: false, lines: [`plain HTTP, ${time(times.toWeb)}; the answer's way back ${time(times.toUser)}`] },
      { isEncrypted: false, lines: ['plain HTTP'] },
      {
        isEncrypted: true,
        lines: [
          `${paint('green', 'mutual TLS')}: both sides prove who they are, and api's side asks its intentions`,
          `from web to api, new connection and handshake included, ${time(times.throughMesh)}; back ${time(times.back)}`,
        ],
      },
      { isEncrypted: false, lines: ['plain HTTP'] },
    ],
  };
}

function lastLinesOf(mesh: DemoMesh): string {
  return [mesh.children.webSidecar, mesh.children.apiSidecar]
    .map((child) => `The last lines of ${child.title}:\n${child.lastLines().replace(/^/gm, '    ')}`)
    .join('\n');
}

/** What to try next, as lines to copy. `fairlead` is how this program is called here. */
export function whatToTry(
  ports: Ports,
  folder: string,
  apiSidecarPid: number,
  fairlead: string,
): readonly (readonly string[])[] {
  const at = ports.agent === 8500 ? '' : ` -http-addr 127.0.0.1:${ports.agent}`;
  return [
    ['ask again', `curl http://127.0.0.1:${ports.web}/`],
    ['deny it, and see the open connection cut', `${fairlead} intention create -deny -replace${at} web api`],
    ['allow it again', `${fairlead} intention create -allow -replace${at} web api`],
    ['rotate the root; what is open stays open', `${fairlead} ca set-config${at} -config-file ${folder}/new-root.json`],
    ['kill a proxy; it is started again', `kill -9 ${apiSidecarPid}`],
    ['list the services', `${fairlead} catalog services -tags${at}`],
    ['who may call api', `${fairlead} intention match${at} api`],
    ['read a log', `tail -f ${folder}/apiSidecar.log`],
  ];
}
