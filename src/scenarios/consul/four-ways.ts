/** The real CLI and ours, on the real agent and on ours, each pair by itself: what one prints, the others must. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Closable, Closers } from '../../base/index.ts';
import {
  type Finished,
  findConsul,
  type RealConsulOptions,
  runProgram,
  startProgram,
  startRealConsul,
} from '../../testing/index.ts';

export interface Way {
  readonly title: string;
  readonly isOurCli: boolean;
  readonly isOurAgent: boolean;
  /** `127.0.0.1:port` of the agent. */
  readonly address: string;
  /** In the folder of the files; `env` is added to the environment. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>;
}

export interface FourWaysOptions {
  /** By name: what commands find where they run. A string as it is, anything else as JSON. */
  readonly files: Readonly<Record<string, unknown>>;
  readonly real?: RealConsulOptions;
  /** A configuration file of our agent. */
  readonly ours?: object;
}

export interface FourWays extends Closable {
  /** The real CLI on the real agent. */
  readonly reference: Way;
  readonly others: readonly Way[];
}

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

export async function startFourWays({ files, real = {}, ours = {} }: FourWaysOptions): Promise<FourWays> {
  await using starting = new Closers();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-cli-'));
  const close = (): Promise<void> => rm(folder, { recursive: true });
  starting.add({ close, [Symbol.asyncDispose]: close });
  for (const [name, content] of Object.entries({ ...files, 'our-agent.json': ours })) {
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  const realAgent = async (): Promise<string> => starting.add(await startRealConsul(real)).address;
  const ourAgent = async (): Promise<string> => {
    const args = ['agent', '-dev', '-http-port=0', '-node=real', '-log-json=false', '-config-file=our-agent.json'];
    const agent = starting.add(await startProgram(process.execPath, [main, ...args], { cwd: folder }));
    const line = await agent.line(/Fairlead agent running on/);
    return line.replace(/.* running on /, '');
  };
  const way = async (isOurCli: boolean, isOurAgent: boolean): Promise<Way> => {
    const address = await (isOurAgent ? ourAgent() : realAgent());
    const [program, ...first] = isOurCli ? [process.execPath, main] : [findConsul()];
    return {
      title: `${isOurCli ? 'our' : 'the real'} CLI on ${isOurAgent ? 'our' : 'the real'} agent`,
      isOurCli,
      isOurAgent,
      address,
      run: (args, env) =>
        runProgram(program, [...first, ...args], { cwd: folder, env: { CONSUL_HTTP_ADDR: address, ...env } }),
    };
  };
  const [reference, ...others] = await Promise.all([
    way(false, false),
    way(true, false),
    way(false, true),
    way(true, true),
  ]);
  const owned = starting.release();
  return { reference, others, close: (options) => owned.close(options), [Symbol.asyncDispose]: () => owned.close() };
}

/** Takes out what is different between two agents, or two moments. */
export function mask(text: string): string {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
    .replace(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?( \+0000 UTC|Z)/g, '<time>')
    .replace(/\b[0-9a-f]{8}\b/g, '<short id>')
    .replace(/[A-Z][a-z]+day, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d/g, '<time>')
    .replace(/\b[0-9a-f]{64}\b|"[A-Za-z0-9+/]{43}="/g, '<hash>')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
    .replace(/\b(port|wan_join_port)=\d+/g, '$1=<port>')
    .replace(/"(Create|Modify)Index": \d+/g, '"$1Index": <index>')
    .replace(/\b((?:Create|Modify) Index:|reset index:) +\d+/g, '$1 <index>')
    .replace(/^\t(\w+) = .*/gm, '\t$1 = <value>');
}
