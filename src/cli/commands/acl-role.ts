/** `acl role …`: policies under one name. */

import { findRoleId } from '../acl/find.ts';
import { formatFlags, formatRole, formatRoles } from '../acl/format.ts';
import { givesNothing, grantFlags, grantsFrom, mergeGrants } from '../acl/grants.ts';
import type { RoleShown } from '../acl/shown.ts';
import { type Ask, askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { type Command, defineCommand } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import { text, toggle } from '../flags.ts';

const description = text('What it is for.', 'text');
const whichFlags = {
  id: text('The role, by its ID or the beginning of it.', 'id'),
  name: text('The role, by its name.', 'name'),
};

export const create: Command = defineCommand({
  usage: 'acl role create -name=NAME [options]',
  about: 'Makes a role.',
  flags: { ...clientFlags, ...formatFlags, ...grantFlags, description, name: text('Its name.', 'name') },
  run: async (values, _args, context) => {
    if (!values.name) throw new CommandFailure("Missing require '-name' flag");
    if (givesNothing(values)) {
      throw new CommandFailure(
        'Cannot create a role without specifying -policy-name, -policy-id, -service-identity, or -node-identity at least once',
      );
    }
    await using ask = askAgent(values, context.env);
    const { Roles: _, ...grants } = await grantsFrom(ask, values);
    const body = { Name: values.name, Description: values.description ?? '', ...grants };
    const answer = await ask.call('Failed to create new role', 'PUT', '/v1/acl/role', { body });
    context.print(formatRole(answer.json() as RoleShown, values));
    return 0;
  },
});

export const read: Command = defineCommand({
  usage: 'acl role read -id=ID|-name=NAME [options]',
  about: 'Shows a role.',
  flags: { ...clientFlags, ...formatFlags, ...whichFlags },
  run: async (values, _args, context) => {
    const { id: partial, name } = values;
    if (!partial && !name) throw new CommandFailure('Must specify either the -id or -name parameters');
    await using ask = askAgent(values, context.env);
    const id = partial ? await findRoleId(ask, { id: partial }, 'Error determining role ID') : undefined;
    const [doing, path, which] = id
      ? [`Error reading role "${id}"`, `/v1/acl/role/${id}`, `ID "${id}"`]
      : [`Error reading role "${name}"`, `/v1/acl/role/name/${encodeURIComponent(name ?? '')}`, `name "${name}"`];
    const answer = await ask.find(doing, path);
    if (answer === undefined) throw new CommandFailure(`Role not found with ${which}`);
    context.print(formatRole(answer.json() as RoleShown, values));
    return 0;
  },
});

export const list: Command = defineCommand({
  usage: 'acl role list [options]',
  about: 'Lists the roles.',
  flags: { ...clientFlags, ...formatFlags },
  run: async (values, _args, context) => {
    await using ask = askAgent(values, context.env);
    const answer = await ask.call('Failed to retrieve the role list', 'GET', '/v1/acl/roles');
    context.print(formatRoles(answer.json() as readonly RoleShown[], values));
    return 0;
  },
});

export const update: Command = defineCommand({
  usage: 'acl role update -id=ID [options]',
  about: 'Changes a role: what is given is added to what was there, or replaces its name and description.',
  flags: {
    ...clientFlags,
    ...formatFlags,
    ...grantFlags,
    description,
    id: whichFlags.id,
    name: text('Its new name.', 'name'),
    'no-merge': toggle('What is not given goes away.'),
  },
  run: async (values, _args, context) => {
    if (!values.id) throw new CommandFailure('Cannot update a role without specifying the -id parameter');
    await using ask = askAgent(values, context.env);
    const id = await findRoleId(ask, { id: values.id }, 'Error determining role ID');
    const given = await grantsFrom(ask, values);
    const old = values['no-merge'] ? undefined : await readRole(ask, id);
    const { Roles: _, ...grants } = old ? mergeGrants(old, given) : given;
    const body = {
      ID: id,
      Name: values.name || old?.Name || '',
      Description: values.description || old?.Description || '',
      ...grants,
    };
    const answer = await ask.call(`Error updating role "${id}"`, 'PUT', `/v1/acl/role/${id}`, { body });
    context.print(formatRole(answer.json() as RoleShown, values));
    return 0;
  },
});

export const remove: Command = defineCommand({
  usage: 'acl role delete -id=ID|-name=NAME [options]',
  about: 'Deletes a role. Tokens lose what it allowed.',
  flags: { ...clientFlags, ...whichFlags },
  run: async (values, _args, context) => {
    if (!values.id && !values.name) throw new CommandFailure('Must specify the -id or -name parameters');
    await using ask = askAgent(values, context.env);
    const id = await findRoleId(ask, values, 'Error determining role ID');
    await ask.call(`Error deleting role "${id}"`, 'DELETE', `/v1/acl/role/${id}`);
    context.print(`Role "${id}" deleted successfully`);
    return 0;
  },
});

async function readRole(ask: Ask, id: string): Promise<RoleShown> {
  const answer = await ask.find('Error when retrieving current role', `/v1/acl/role/${id}`);
  if (answer === undefined) throw new CommandFailure(`Role not found with ID "${id}"`);
  return answer.json() as RoleShown;
}
