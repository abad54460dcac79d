/** What the demo does while the user tries things: it holds a connection open, and tells what happens to it and around it. */

import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import { join } from 'node:path';
import { watch } from '../../api/index.ts';
import { exponentialBackoff, type Runtime } from '../../base/index.ts';
import { holdPath } from './applications.ts';
import type { ChildName, DemoMesh } from './mesh.ts';
import type { Stage } from './show.ts';

/** Milliseconds. */
const pause = 500;

/** Runs until the stage's signal aborts. */
export async function watchMesh(mesh: DemoMesh, stage: Stage, runtime: Runtime): Promise<void> {
  const names = Object.keys(mesh.children) as ChildName[];
  await Promise.all([
    holdConnection(mesh, stage, runtime),
    tellRotations(mesh, stage, runtime),
    ...names.map((name) => keepRunning(mesh, name, stage, runtime)),
  ]);
}

/** A configuration of the CA with a new key, for the user to set: it makes a new root. */
export async function writeNewRootConfig(folder: string): Promise<void> {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const config = { Provider: 'consul', Config: { PrivateKey: privateKey } };
  await writeFile(join(folder, 'new-root.json'), JSON.stringify(config), { mode: 0o600 });
}

async function holdConnection(mesh: DemoMesh, { print, paint, signal }: Stage, { clock }: Runtime): Promise<void> {
  /** Undefined: it is not known, or has just changed. */
  let wasOpen: boolean | undefined;
  while (!signal.aborted) {
    // Resolves when it has ended: with whether it ever was open.
    const wasHeld = await new Promise<boolean>((resolve) => {
      let hasAnswer = false;
      const target = { host: '127.0.0.1', port: mesh.ports.webToApi, path: holdPath, agent: false, signal };
      const request = http.get(target, (response) => {
        hasAnswer = true;
        if (wasOpen !== true) print(paint('green', `● ${timeOfDay(clock.now())} an open connection web → api is held`));
        response.once('error', () => undefined);
        response.once('close', () => resolve(true));
        response.resume();
      });
      request.once('error', () => resolve(hasAnswer));
    });
    if (signal.aborted) return;
    if (wasHeld) print(paint('red', `● ${timeOfDay(clock.now())} the open connection web → api was cut`));
    else if (wasOpen !== false)
      print(paint('red', `● ${timeOfDay(clock.now())} new connections web → api are refused`));
    wasOpen = wasHeld ? undefined : false;
    await clock.sleep(pause, signal);
  }
}

async function tellRotations(mesh: DemoMesh, { print, paint, signal }: Stage, runtime: Runtime): Promise<void> {
  const options = {
    signal,
    runtime,
    backoff: exponentialBackoff(200, 2_000, runtime.random),
    onError: () => undefined,
  };
  let active: string | undefined;
  for await (const { ActiveRootID: id } of watch(mesh.client.roots, options)) {
    if (active !== undefined && active !== id) {
      print(paint('cyan', `● ${timeOfDay(runtime.clock.now())} a new root signs from now on: ${id.slice(0, 17)}…`));
    }
    active = id;
  }
}

async function keepRunning(mesh: DemoMesh, name: ChildName, stage: Stage, { clock }: Runtime): Promise<void> {
  const { print, paint, signal } = stage;
  const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  while (!signal.aborted) {
    const child = mesh.children[name];
    await Promise.race([child.exited, aborted]);
    if (signal.aborted) return;
    print(paint('red', `● ${timeOfDay(clock.now())} ${child.title} (process ${child.pid}) is gone; starting it again`));
    await clock.sleep(pause, signal);
    await mesh.restart(name);
    print(paint('green', `● ${timeOfDay(clock.now())} ${child.title} is back, as process ${mesh.children[name].pid}`));
  }
}

function timeOfDay(instant: number): string {
  return new Date(instant).toTimeString().slice(0, 8);
}
