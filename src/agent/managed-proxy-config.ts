/** What an agent is told about the proxies that it runs itself. Ours throughout, as `config.ts`. */

import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Runtime } from '../base/index.ts';
import type { ManagedProxyDefaults } from './registry/managed-proxies.ts';
import type { ManagedProxyPlanning } from './registry/managed-proxy.ts';

export interface ManagedProxyConfig {
  /**
   * Whether they may be declared over the API: whoever may register services runs programs then, as the agent's user. `false`: such a
   * registration is refused, as Consul did up to 1.5. Absent: the declaration is passed over, as later versions do.
   */
  readonly allowApiRegistration?: boolean | undefined;
  /** Whether they are started while the agent runs as root. Default: no. */
  readonly allowRoot: boolean;
  /** From which they get their ports, both ends included; both 0: none is chosen. Default: 20000 to 20255. */
  readonly ports: { readonly min: number; readonly max: number };
  /** Where those listen that don't say it. Default: the node's address. */
  readonly bindAddress?: string | undefined;
  readonly defaults: {
    /** Default: daemon. */
    readonly execMode: 'daemon' | 'script';
    readonly daemonCommand: readonly string[];
    readonly scriptCommand: readonly string[];
    /** Under the configuration of each. */
    readonly config: Readonly<Record<string, unknown>>;
  };
  /** What runs `fairlead proxy`: the command of those for which none is given anywhere. */
  readonly ownCommand: readonly string[];
  /** What they find in their environment beside what the agent puts there. Default: nothing. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What is left out gets its default. */
export type ManagedProxyOptions = Given<Omit<ManagedProxyConfig, 'defaults'>> & {
  readonly defaults?: Given<ManagedProxyConfig['defaults']> | undefined;
};

type Given<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

const port = z.int('expected a port, 0 to 65535').min(0).max(65_535);
const command = z.array(z.string()).default([]);
const openObject = z.record(z.string(), z.unknown());

export const managedProxyConfig: z.ZodType<ManagedProxyConfig, ManagedProxyOptions> = z.strictObject({
  allowApiRegistration: z.boolean().optional(),
  allowRoot: z.boolean().default(false),
  ports: z
    .strictObject({ min: port, max: port })
    .refine(({ min, max }) => min <= max, 'expected min to be at most max')
    .default({ min: 20_000, max: 20_255 }),
  bindAddress: z.string().optional(),
  defaults: z
    .strictObject({
      execMode: z.enum(['daemon', 'script'], 'expected daemon or script').default('daemon'),
      daemonCommand: command,
      scriptCommand: command,
      config: openObject.default({}),
    })
    .prefault({}),
  ownCommand: command,
  environment: z.record(z.string(), z.string()).default({}),
});

interface Configured {
  readonly nodeAddress: string;
  readonly managedProxies: ManagedProxyConfig;
}

export function managedProxyDefaultsOf({ nodeAddress, managedProxies }: Configured): ManagedProxyDefaults {
  const { defaults, ownCommand, bindAddress = nodeAddress } = managedProxies;
  const { daemonCommand, ...others } = defaults;
  return { ...others, daemonCommand: daemonCommand.length > 0 ? daemonCommand : ownCommand, bindAddress };
}

export function managedProxyPlanningOf(
  { managedProxies: { ports, defaults } }: Configured,
  { random }: Pick<Runtime, 'random'>,
): ManagedProxyPlanning {
  return { ports, defaultConfig: defaults.config, random, newToken: randomUUID };
}
