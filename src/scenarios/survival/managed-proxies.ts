/** Services whose proxy the agent runs: what is declared is in its state, and the processes must follow it. */

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { State, States, Subject } from './subject.ts';

/** `run` is in no other name on this machine, so that processes can be told from those of others. */
export function managedProxies(run: string): Subject {
  const prefix = `${run}-`;
  return {
    share: 3,
    choose: ({ name, count, known, random }) => {
      const service = `${prefix}${name}`;
      const key = `managed proxy ${service}-proxy`;
      if (known.get(key) !== undefined && random() < 0.4) {
        const after = new Map<string, State>([[key, undefined]]);
        return { method: 'PUT', path: `/v1/agent/service/deregister/${service}`, after };
      }
      const Command = ['/bin/sleep', String(10_000 + count)];
      const body = { Name: service, Port: 9, Connect: { Proxy: { Command } } };
      return { method: 'PUT', path: '/v1/agent/service/register', body, after: new Map([[key, Command.join(' ')]]) };
    },
    readAll: async (client) => {
      const found = await client.readSurely<Record<string, ServiceShown>>('/v1/agent/services');
      return Object.entries(found).flatMap(([id, { Connect }]) => {
        const command = Connect?.Proxy?.Command;
        return command === undefined ? [] : [[`managed proxy ${id}-proxy`, command.join(' ')] as const];
      });
    },
  };
}

interface ServiceShown {
  readonly Connect?: { readonly Proxy?: { readonly Command: readonly string[] } };
}

/** Resolves when there is one process for each declared proxy, with its command, and no other. Rejects when it takes too long. */
export async function oneProcessEach(run: string, known: States): Promise<void> {
  if (process.platform !== 'linux') return; // processes show their environment there alone
  const wanted = [...known]
    .flatMap(([key, command]) => (command !== undefined && key.startsWith('managed proxy ') ? [[key, command]] : []))
    .map(([key = '', command = '']) => `${key.slice('managed proxy '.length)}: ${command}`)
    .sort();
  const deadline = AbortSignal.timeout(20_000);
  for (;;) {
    const found = processesOf(run).map(({ proxyId, command }) => `${proxyId}: ${command}`);
    if (found.sort().join('\n') === wanted.join('\n')) return;
    if (deadline.aborted) {
      throw new Error(`managed proxies:\n${found.join('\n')}\nrun, declared are:\n${wanted.join('\n')}`);
    }
    await sleep(10); // a process ends without an event here
  }
}

/** Whatever is left of them: they outlive their agent. */
export function endProcesses(run: string): void {
  if (process.platform !== 'linux') return;
  for (const { pid } of processesOf(run)) process.kill(pid, 'SIGKILL');
}

interface Running {
  readonly pid: number;
  readonly proxyId: string;
  readonly command: string;
}

function processesOf(run: string): Running[] {
  return readdirSync('/proc').flatMap((pid) => {
    const [id] = /^\d+$/.test(pid) ? [...stringsIn(pid, 'environ')].filter((one) => one.startsWith(variable)) : [];
    const proxyId = id?.slice(variable.length) ?? '';
    const command = stringsIn(pid, 'cmdline').join(' ');
    return proxyId.startsWith(`${run}-`) && command !== '' ? [{ pid: Number(pid), proxyId, command }] : [];
  });
}

const variable = 'CONSUL_PROXY_ID=';

/** Empty when the process has gone. */
function stringsIn(pid: string, file: 'environ' | 'cmdline'): string[] {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0').filter(Boolean);
  } catch {
    return [];
  }
}
