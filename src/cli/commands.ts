/** Every command, with the file that runs it. A file is loaded when its command is called, and not before. */

import type { Command } from './command.ts';

export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** By the words that call them. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  'acl bootstrap': {
    summary: 'Make the first token, which may do everything',
    load: async () => (await import('./commands/acl-bootstrap.ts')).bootstrap,
  },
  'acl policy create': {
    summary: 'Make a policy',
    load: async () => (await import('./commands/acl-policy.ts')).create,
  },
  'acl policy delete': {
    summary: 'Delete a policy',
    load: async () => (await import('./commands/acl-policy.ts')).remove,
  },
  'acl policy list': {
    summary: 'List the policies',
    load: async () => (await import('./commands/acl-policy.ts')).list,
  },
  'acl policy read': {
    summary: 'Show a policy',
    load: async () => (await import('./commands/acl-policy.ts')).read,
  },
  'acl policy update': {
    summary: 'Change a policy',
    load: async () => (await import('./commands/acl-policy.ts')).update,
  },
  'acl role create': {
    summary: 'Make a role',
    load: async () => (await import('./commands/acl-role.ts')).create,
  },
  'acl role delete': {
    summary: 'Delete a role',
    load: async () => (await import('./commands/acl-role.ts')).remove,
  },
  'acl role list': {
    summary: 'List the roles',
    load: async () => (await import('./commands/acl-role.ts')).list,
  },
  'acl role read': {
    summary: 'Show a role',
    load: async () => (await import('./commands/acl-role.ts')).read,
  },
  'acl role update': {
    summary: 'Change a role',
    load: async () => (await import('./commands/acl-role.ts')).update,
  },
  'acl token clone': {
    summary: 'Make another token with the same rights',
    load: async () => (await import('./commands/acl-token.ts')).clone,
  },
  'acl token create': {
    summary: 'Make a token',
    load: async () => (await import('./commands/acl-token.ts')).create,
  },
  'acl token delete': {
    summary: 'Delete a token',
    load: async () => (await import('./commands/acl-token.ts')).remove,
  },
  'acl token list': {
    summary: 'List the tokens',
    load: async () => (await import('./commands/acl-token.ts')).list,
  },
  'acl token read': {
    summary: 'Show a token',
    load: async () => (await import('./commands/acl-token.ts')).read,
  },
  'acl token update': {
    summary: 'Change a token',
    load: async () => (await import('./commands/acl-token.ts')).update,
  },
  'acl set-agent-token': {
    summary: 'Give the agent a token of its own',
    load: async () => (await import('./commands/acl-set-agent-token.ts')).setAgentToken,
  },
  agent: { summary: 'Run an agent', load: async () => (await import('./commands/agent.ts')).agent },
  'ca get-config': {
    summary: 'Show how the CA is configured',
    load: async () => (await import('./commands/ca.ts')).getConfig,
  },
  'ca set-config': {
    summary: 'Change how the CA is configured',
    load: async () => (await import('./commands/ca.ts')).setConfig,
  },
  'catalog datacenters': {
    summary: 'List the datacenters',
    load: async () => (await import('./commands/catalog-datacenters.ts')).datacenters,
  },
  'catalog nodes': { summary: 'List the nodes', load: async () => (await import('./commands/catalog-nodes.ts')).nodes },
  'catalog services': {
    summary: 'List the services',
    load: async () => (await import('./commands/catalog-services.ts')).services,
  },
  demo: { summary: 'Show a small mesh at work', load: async () => (await import('./commands/demo.ts')).demo },
  info: { summary: 'Show what the agent tells of itself', load: async () => (await import('./commands/info.ts')).info },
  'intention check': {
    summary: 'Ask whether one service may connect to another',
    load: async () => (await import('./commands/intention-check.ts')).check,
  },
  'intention create': {
    summary: 'Allow or deny connections between two services',
    load: async () => (await import('./commands/intention-create.ts')).create,
  },
  'intention delete': {
    summary: 'Delete an intention',
    load: async () => (await import('./commands/intention-delete.ts')).remove,
  },
  'intention explain': {
    summary: 'Show why one service may connect to another or not, and what would turn that',
    load: async () => (await import('./commands/intention-explain.ts')).explainPair,
  },
  'intention get': {
    summary: 'Show one intention',
    load: async () => (await import('./commands/intention-get.ts')).get,
  },
  'intention list': {
    summary: 'List all intentions',
    load: async () => (await import('./commands/intention-list.ts')).list,
  },
  'intention match': {
    summary: 'List what applies to a service, in the order of precedence',
    load: async () => (await import('./commands/intention-match.ts')).match,
  },
  maint: {
    summary: 'Take a node or a service out of use, and back',
    load: async () => (await import('./commands/maint.ts')).maint,
  },
  members: {
    summary: 'List the members of the cluster',
    load: async () => (await import('./commands/members.ts')).members,
  },
  proxy: { summary: 'Run a sidecar proxy', load: async () => (await import('./commands/proxy.ts')).proxy },
  reload: {
    summary: 'Let the agent read its configuration again',
    load: async () => (await import('./commands/reload.ts')).reload,
  },
  'services deregister': {
    summary: 'Take services off the local agent',
    load: async () => (await import('./commands/services-deregister.ts')).deregister,
  },
  'services register': {
    summary: 'Register services with the local agent',
    load: async () => (await import('./commands/services-register.ts')).register,
  },
  validate: {
    summary: 'Check configuration files',
    load: async () => (await import('./commands/validate.ts')).validate,
  },
  version: { summary: 'Show the version', load: async () => (await import('./commands/version.ts')).version },
};

/** What stands where Consul has it under another name. */
const aliases: Readonly<Record<string, string>> = {
  'connect proxy': 'proxy',
  'connect ca get-config': 'ca get-config',
  'connect ca set-config': 'ca set-config',
};

/** The words that lead to commands: the commands' own, and Consul's. */
export const commandPaths: readonly string[] = [...Object.keys(commands), ...Object.keys(aliases)].sort();

export type Found =
  | { readonly kind: 'command'; readonly path: string; readonly entry: CommandEntry; readonly rest: readonly string[] }
  /** The words lead to a group of commands, such as `intention`, and not further. */
  | { readonly kind: 'group'; readonly path: string; readonly unknown?: string }
  | { readonly kind: 'none'; readonly unknown?: string };

/** The command that the longest run of leading words names. */
export function findCommand(argv: readonly string[]): Found {
  for (let words = Math.min(3, argv.length); words > 0; words -= 1) {
    const path = argv.slice(0, words).join(' ');
    const entry = commands[aliases[path] ?? path];
    if (entry && Object.hasOwn(commands, aliases[path] ?? path)) {
      return { kind: 'command', path, entry, rest: argv.slice(words) };
    }
    if (commandPaths.some((known) => known.startsWith(`${path} `))) {
      const unknown = argv[words];
      return { kind: 'group', path, ...(unknown !== undefined && { unknown }) };
    }
  }
  return { kind: 'none', ...(argv[0] !== undefined && { unknown: argv[0] }) };
}

/** The next words below a path, each once, with the summary where it is a command. */
export function namesBelow(path: string): readonly { readonly name: string; readonly summary: string }[] {
  const prefix = path === '' ? '' : `${path} `;
  const names = new Map<string, string>();
  for (const known of commandPaths) {
    if (!known.startsWith(prefix)) continue;
    const [name = '', ...more] = known.slice(prefix.length).split(' ');
    const entry = commands[aliases[known] ?? known];
    names.set(name, more.length === 0 ? (entry?.summary ?? '') : (groupSummaries[`${prefix}${name}`] ?? ''));
  }
  return [...names].map(([name, summary]) => ({ name, summary }));
}

const groupSummaries: Readonly<Record<string, string>> = {
  acl: 'Say who may do what',
  'acl policy': 'Work with policies: what may be done',
  'acl role': 'Work with roles: policies under one name',
  'acl token': 'Work with tokens: who may do it',
  ca: 'Work with the certificate authority',
  catalog: 'Look at nodes and services',
  connect: "Consul's names for `proxy` and `ca`",
  'connect ca': 'Work with the certificate authority',
  intention: 'Say who may connect to whom',
  services: 'Register and deregister services',
};
