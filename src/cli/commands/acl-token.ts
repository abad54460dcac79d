/** `acl token …`: who may ask. */

import { findTokenId } from '../acl/find.ts';
import { formatFlags, formatToken, formatTokens } from '../acl/format.ts';
import { givesNothing, grantFlags, grantsFrom, mergeGrants, roleFlags } from '../acl/grants.ts';
import type { TokenShown } from '../acl/shown.ts';
import { type Ask, askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { type Command, defineCommand } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import { duration, text, toggle } from '../flags.ts';

const description = text('What it is for.', 'text');
const id = text('The token, by its accessor ID or the beginning of it; or `anonymous`.', 'id');

export const create: Command = defineCommand({
  usage: 'acl token create [options]',
  about: 'Makes a token that may do what its policies, roles and identities allow, and prints it.',
  flags: {
    ...clientFlags,
    ...formatFlags,
    ...grantFlags,
    ...roleFlags,
    description,
    accessor: text('Its accessor ID, a UUID. Default: a random one.', 'id'),
    secret: text('The token itself, a UUID. Default: a random one.', 'id'),
    'expires-ttl': duration('How long it is good, 1m to 24h. Default: for ever.', 'duration'),
    local: toggle('For this datacenter only.'),
  },
  run: async (values, _args, context) => {
    if (givesNothing(values)) {
      throw new CommandFailure(
        'Cannot create a token without specifying -policy-name, -policy-id, -role-name, -role-id, -service-identity, or -node-identity at least once',
      );
    }
    await using ask = askAgent(values, context.env);
    const body = {
      AccessorID: values.accessor,
      SecretID: values.secret,
      Description: values.description ?? '',
      Local: values.local ?? false,
      ExpirationTTL: nanoseconds(values['expires-ttl']),
      ...(await grantsFrom(ask, values)),
    };
    const answer = await ask.call('Failed to create new token', 'PUT', '/v1/acl/token', { body });
    context.print(formatToken(answer.json() as TokenShown, values));
    return 0;
  },
});

export const read: Command = defineCommand({
  usage: 'acl token read -id=ID|-self [options]',
  about: 'Shows a token.',
  flags: { ...clientFlags, ...formatFlags, id, self: toggle('The token that is asked with.') },
  run: async (values, _args, context) => {
    if (!values.self && !values.id) throw new CommandFailure('Must specify the -id parameter');
    await using ask = askAgent(values, context.env);
    const token = values.self ? await readOwnToken(ask) : await readNamedToken(ask, values.id ?? '');
    context.print(formatToken(token, values));
    return 0;
  },
});

export const list: Command = defineCommand({
  usage: 'acl token list [options]',
  about: 'Lists the tokens, without the secrets.',
  flags: { ...clientFlags, ...formatFlags },
  run: async (values, _args, context) => {
    await using ask = askAgent(values, context.env);
    const answer = await ask.call('Failed to retrieve the token list', 'GET', '/v1/acl/tokens');
    context.print(formatTokens(answer.json() as readonly TokenShown[], values));
    return 0;
  },
});

export const update: Command = defineCommand({
  usage: 'acl token update -id=ID [options]',
  about: `Changes a token. Policies, roles and identities that are given replace those that were there; none given, none left.
With the -merge flags they are added instead.`,
  flags: {
    ...clientFlags,
    ...formatFlags,
    ...grantFlags,
    ...roleFlags,
    id,
    description,
    'merge-node-identities': toggle('Add to the node identities.'),
    'merge-policies': toggle('Add to the policies.'),
    'merge-roles': toggle('Add to the roles.'),
    'merge-service-identities': toggle('Add to the service identities.'),
  },
  run: async (values, _args, context) => {
    if (!values.id) throw new CommandFailure('Cannot update a token without specifying the -id parameter');
    await using ask = askAgent(values, context.env);
    const accessor = await findTokenId(ask, values.id, 'Error determining token ID');
    const old = await readToken(ask, accessor, 'Error when retrieving current token');
    const given = await grantsFrom(ask, values);
    const merged = mergeGrants(old, given);
    const body = {
      AccessorID: accessor,
      SecretID: old.SecretID === '<hidden>' ? undefined : old.SecretID,
      Description: values.description || old.Description,
      Local: old.Local,
      ExpirationTime: old.ExpirationTime,
      Policies: values['merge-policies'] ? merged.Policies : given.Policies,
      Roles: values['merge-roles'] ? merged.Roles : given.Roles,
      ServiceIdentities: values['merge-service-identities'] ? merged.ServiceIdentities : given.ServiceIdentities,
      NodeIdentities: values['merge-node-identities'] ? merged.NodeIdentities : given.NodeIdentities,
    };
    const doing = `Failed to update token ${accessor}`;
    const answer = await ask.call(doing, 'PUT', `/v1/acl/token/${accessor}`, { body });
    context.print(formatToken(answer.json() as TokenShown, values));
    return 0;
  },
});

export const clone: Command = defineCommand({
  usage: 'acl token clone -id=ID [options]',
  about: 'Makes another token with the same rights, and prints it.',
  flags: { ...clientFlags, format: formatFlags.format, id, description },
  run: async (values, _args, context) => {
    if (!values.id) throw new CommandFailure('Cannot update a token without specifying the -id parameter');
    await using ask = askAgent(values, context.env);
    const accessor = await findTokenId(ask, values.id, 'Error determining token ID');
    const answer = await ask.call('Error cloning token', 'PUT', `/v1/acl/token/${accessor}/clone`, {
      body: { Description: values.description ?? '' },
    });
    context.print(formatToken(answer.json() as TokenShown, { format: values.format, meta: false }));
    return 0;
  },
});

export const remove: Command = defineCommand({
  usage: 'acl token delete -id=ID [options]',
  about: 'Deletes a token. Whoever holds it may do no more than without one.',
  flags: { ...clientFlags, id },
  run: async (values, _args, context) => {
    if (!values.id) throw new CommandFailure('Must specify the -id parameter');
    await using ask = askAgent(values, context.env);
    const accessor = await findTokenId(ask, values.id, 'Error determining token ID');
    await ask.call(`Error deleting token "${accessor}"`, 'DELETE', `/v1/acl/token/${accessor}`);
    context.print(`Token "${accessor}" deleted successfully`);
    return 0;
  },
});

async function readOwnToken(ask: Ask): Promise<TokenShown> {
  return (await ask.call('Error reading token', 'GET', '/v1/acl/token/self')).json() as TokenShown;
}

async function readNamedToken(ask: Ask, partial: string): Promise<TokenShown> {
  const accessor = await findTokenId(ask, partial, 'Error determining token ID');
  return await readToken(ask, accessor, `Error reading token "${accessor}"`);
}

async function readToken(ask: Ask, accessor: string, doing: string): Promise<TokenShown> {
  return (await ask.call(doing, 'GET', `/v1/acl/token/${accessor}`)).json() as TokenShown;
}

/** As the API counts. */
function nanoseconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.round(milliseconds * 1e6);
}
