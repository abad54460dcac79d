/** `acl policy …`: what tokens may be allowed. */

import { readFile } from 'node:fs/promises';
import { messageOf } from '../../base/index.ts';
import { findPolicyId } from '../acl/find.ts';
import { formatFlags, formatPolicies, formatPolicy } from '../acl/format.ts';
import type { PolicyShown } from '../acl/shown.ts';
import { type Ask, askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { type Command, type Context, defineCommand } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import { list as listFlag, text, toggle } from '../flags.ts';

const contentFlags = {
  description: text('What it is for.', 'text'),
  rules: text('The rules, in HCL or JSON: as they are, from a file as @FILE, or from standard input as -.', 'rules'),
  'valid-datacenter': listFlag('A datacenter in which it holds; may be given several times. Default: all.', 'name'),
};

const whichFlags = {
  id: text('The policy, by its ID or the beginning of it.', 'id'),
  name: text('The policy, by its name.', 'name'),
};

export const create: Command = defineCommand({
  usage: 'acl policy create -name=NAME [options]',
  about: 'Makes a policy.',
  flags: { ...clientFlags, ...formatFlags, ...contentFlags, name: text('Its name.', 'name') },
  run: async (values, _args, context) => {
    if (!values.name) throw new CommandFailure("Missing require '-name' flag");
    const body = {
      Name: values.name,
      Description: values.description ?? '',
      Rules: await readRules(values.rules ?? '', context),
      Datacenters: presentOf(values['valid-datacenter']),
    };
    await using ask = askAgent(values, context.env);
    const answer = await ask.call('Failed to create new policy', 'PUT', '/v1/acl/policy', { body });
    context.print(formatPolicy(answer.json() as PolicyShown, values));
    return 0;
  },
});

export const read: Command = defineCommand({
  usage: 'acl policy read -id=ID|-name=NAME [options]',
  about: 'Shows a policy.',
  flags: { ...clientFlags, ...formatFlags, ...whichFlags },
  run: async (values, _args, context) => {
    await using ask = askAgent(values, context.env);
    context.print(formatPolicy(await readPolicy(ask, await idOf(ask, values)), values));
    return 0;
  },
});

export const list: Command = defineCommand({
  usage: 'acl policy list [options]',
  about: 'Lists the policies.',
  flags: { ...clientFlags, ...formatFlags },
  run: async (values, _args, context) => {
    await using ask = askAgent(values, context.env);
    const answer = await ask.call('Failed to retrieve the policy list', 'GET', '/v1/acl/policies');
    context.print(formatPolicies(answer.json() as readonly PolicyShown[], values));
    return 0;
  },
});

export const update: Command = defineCommand({
  usage: 'acl policy update -id=ID|-name=NAME [options]',
  about: 'Changes a policy: what is given replaces what was there, the rest stays. -name is its new name beside -id.',
  flags: {
    ...clientFlags,
    ...formatFlags,
    ...contentFlags,
    ...whichFlags,
    'no-merge': toggle('What is not given goes away.'),
  },
  run: async (values, _args, context) => {
    await using ask = askAgent(values, context.env);
    const id = await idOf(ask, values);
    const rules = await readRules(values.rules ?? '', context);
    const given = { Name: values.name, Description: values.description, Rules: rules };
    const datacenters = values['valid-datacenter'];
    // Without merging, the name stays even so: a policy must have one.
    const old = values['no-merge'] && values.name ? undefined : await readPolicy(ask, id);
    const kept = values['no-merge'] ? undefined : old;
    const body = {
      ID: id,
      Name: given.Name || old?.Name || '',
      Description: given.Description || kept?.Description || '',
      Rules: given.Rules || kept?.Rules || '',
      Datacenters: presentOf(datacenters) ?? kept?.Datacenters ?? undefined,
    };
    const answer = await ask.call(`Error updating policy "${id}"`, 'PUT', `/v1/acl/policy/${id}`, { body });
    context.print(formatPolicy(answer.json() as PolicyShown, values));
    return 0;
  },
});

export const remove: Command = defineCommand({
  usage: 'acl policy delete -id=ID|-name=NAME [options]',
  about: 'Deletes a policy. Tokens and roles lose what it allowed.',
  flags: { ...clientFlags, ...whichFlags },
  run: async (values, _args, context) => {
    await using ask = askAgent(values, context.env);
    const id = await idOf(ask, values);
    await ask.call(`Error deleting policy "${id}"`, 'DELETE', `/v1/acl/policy/${id}`);
    context.print(`Policy "${id}" deleted successfully`);
    return 0;
  },
});

/** An agent shows an empty list otherwise than none. */
function presentOf(list: readonly string[]): readonly string[] | undefined {
  return list.length > 0 ? list : undefined;
}

async function idOf(ask: Ask, { id, name }: { id: string | undefined; name: string | undefined }): Promise<string> {
  if (!id && !name) throw new CommandFailure('Must specify either the -id or -name parameters');
  return await findPolicyId(ask, { id, name }, 'Error determining policy ID');
}

async function readPolicy(ask: Ask, id: string): Promise<PolicyShown> {
  return (await ask.call(`Error reading policy "${id}"`, 'GET', `/v1/acl/policy/${id}`)).json() as PolicyShown;
}

async function readRules(given: string, context: Context): Promise<string> {
  if (given === '-') return await context.readInput();
  if (!given.startsWith('@')) return given;
  const file = given.slice(1);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file or directory' : messageOf(error);
    throw new CommandFailure(`Error loading rules: Failed to read file: open ${file}: ${why}`);
  }
}
