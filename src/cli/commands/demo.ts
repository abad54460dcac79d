import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { noMetrics, type Runtime, silentLog, systemClock } from '../../base/index.ts';
import { formatColumns } from '../columns.ts';
import { type Command, defineCommand } from '../command.ts';
import { startDemoMesh } from '../demo/mesh.ts';
import { formatTime } from '../demo/picture.ts';
import { type Stage, showAllowed, showRefused, whatToTry } from '../demo/show.ts';
import { watchMesh, writeNewRootConfig } from '../demo/watching.ts';
import { toggle } from '../flags.ts';
import { paintFor } from '../paint.ts';
import { refuseArguments } from '../refuse-arguments.ts';

/** Milliseconds for the mesh to end by itself. */
const drainTime = 5_000;

export const demo: Command = defineCommand({
  usage: 'demo [options]',
  about: `Starts an agent, two small applications and their sidecars on this machine, sends a request through the mesh, shows the way
it took and one that is refused, and then stays for you to try things. Ctrl-C ends it all.`,
  flags: { once: toggle('End after the show; the exit code is 0 only if every step was as it should be.') },
  run: async ({ once }, args, context) => {
    refuseArguments(args);
    const runtime: Runtime = { clock: systemClock, log: silentLog, metrics: noMetrics, random: Math.random };
    const paint = paintFor(context);
    const hangup = new AbortController(); // a terminal that is closed must not leave the mesh running
    context.onHangup(() => hangup.abort(), hangup.signal);
    const signal = AbortSignal.any([context.stop(), hangup.signal]);
    const stage: Stage = { print: context.print, paint, now: () => performance.now(), signal };
    try {
      context.print(`${paint('bold', 'Fairlead')}: a small mesh on this machine\n`);
      const mesh = await startDemoMesh({
        runtime,
        signal,
        now: stage.now,
        onStep: (what, took) => context.print(`  ${paint('green', '✓')} ${what}  ${paint('dim', formatTime(took))}`),
      });
      try {
        context.print('');
        await showAllowed(mesh, stage);
        await showRefused(mesh, stage);
        await writeNewRootConfig(mesh.folder);
        const rows = whatToTry(mesh.ports, mesh.folder, mesh.children.apiSidecar.pid, programName());
        context.print(
          `\n${paint('bold', once ? 'To try these, run it without -once' : 'Try, in another terminal')}:\n`,
        );
        context.print(formatColumns(rows.map(([what = '', command = '']) => [`  ${what}`, command])));
        if (once) return 0;
        context.print('\nCtrl-C ends everything.\n');
        await watchMesh(mesh, stage, runtime);
      } finally {
        await mesh.close({ signal: AbortSignal.timeout(drainTime) });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    context.print('\nEverything is stopped.');
    return once ? 1 : 0; // stopped before the end of the show
  },
});

/** How this program is called from the folder that the user is in. */
function programName(): string {
  const inCheckout = ['../../../bin/fairlead', '../../bin/fairlead', '../bin/fairlead']
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
  const path = inCheckout === undefined ? '' : relative(process.cwd(), inCheckout);
  return path === '' || path.startsWith('..') || path.includes('node_modules') ? 'fairlead' : path;
}
