import { askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { type Command, defineCommand } from '../command.ts';
import { CommandFailure } from '../failure.ts';

/** Ours beside the API's name, which agents of every version know. */
const names: Readonly<Record<string, string>> = {
  default: 'default',
  agent: 'agent',
  master: 'agent_master',
  recovery: 'agent_master',
  replication: 'replication',
};

export const setAgentToken: Command = defineCommand({
  usage: 'acl set-agent-token [options] TYPE TOKEN',
  about: `Gives the agent a token of its own, until it is restarted. An empty TOKEN takes it away. TYPE is one of
  default      for requests that come without a token
  agent        what the agent does for itself
  recovery     may work on the agent when nothing else may; Consul 1.8 calls it master
  replication  for copying ACLs between datacenters; accepted, without effect on our agent`,
  flags: clientFlags,
  run: async (values, args, context) => {
    const [type, token] = args;
    if (type === undefined) throw new CommandFailure('Error! Missing TYPE and TOKEN arguments');
    if (token === undefined) throw new CommandFailure('Error! Missing TOKEN argument');
    if (args.length > 2) throw new CommandFailure(`Error! Too many arguments: expected 2 got ${args.length}`);
    const name = Object.hasOwn(names, type) ? names[type] : undefined;
    if (name === undefined) throw new CommandFailure('Unknown token type');
    await using ask = askAgent(values, context.env);
    await ask.call(`Failed to set ACL token "${type}"`, 'PUT', `/v1/agent/token/${name}`, { body: { Token: token } });
    context.print(`ACL token "${type}" set successfully`);
    return 0;
  },
});
