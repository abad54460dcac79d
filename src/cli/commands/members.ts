import { askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { formatColumns } from '../columns.ts';
import { type Command, defineCommand } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import { text, toggle } from '../flags.ts';

export const members: Command = defineCommand({
  usage: 'members [options]',
  about: 'Lists the members of the cluster that the agent is in. The exit code is 2 when none is left to show.',
  flags: {
    ...clientFlags,
    detailed: toggle('Show all tags.'),
    segment: text('Only members of this network segment.', 'name'),
    status: text('Only members whose status this expression matches.', 'expression'),
    wan: toggle('List the servers of all datacenters.'),
  },
  run: async (values, _args, context) => {
    const isWanted = statusTest(values.status ?? '.*');
    await using ask = askAgent(values, context.env);
    const query = values.wan ? { wan: 1 } : { segment: values.segment ?? '_all' };
    const answer = await ask.call('Error retrieving members', 'GET', '/v1/agent/members', { query });
    const found = (answer.json() as readonly Member[])
      .filter((member) => isWanted(statusOf(member)))
      .sort((one, other) => (one.Name < other.Name ? -1 : 1));
    if (found.length === 0) return 2;
    context.print(formatColumns(values.detailed ? detailedTable(found) : plainTable(found)));
    return 0;
  },
});

interface Member {
  readonly Name: string;
  readonly Addr: string;
  readonly Port: number;
  readonly Tags: Readonly<Record<string, string>>;
  readonly Status: number;
}

const statuses = ['none', 'alive', 'leaving', 'left', 'failed'];

function statusOf({ Status }: Member): string {
  return statuses[Status] ?? 'none';
}

function statusTest(expression: string): (status: string) => boolean {
  try {
    const pattern = new RegExp(expression);
    return (status) => pattern.test(status);
  } catch {
    throw new CommandFailure(`Failed to compile status regexp: ${expression}`);
  }
}

function addressOf({ Addr, Port }: Member): string {
  return `${Addr.includes(':') ? `[${Addr}]` : Addr}:${Port}`;
}

function plainTable(found: readonly Member[]): string[][] {
  const rows = found.map((member) => {
    const { role, build = '', vsn = '', dc = '', segment } = tagsOf(member);
    const isServer = role === 'consul';
    const type = isServer ? 'server' : role === 'node' ? 'client' : 'unknown';
    const shown = isServer ? '<all>' : segment || '<default>';
    return [member.Name, addressOf(member), statusOf(member), type, build.split(':')[0] ?? '', vsn, dc, shown];
  });
  return [['Node', 'Address', 'Status', 'Type', 'Build', 'Protocol', 'DC', 'Segment'], ...rows];
}

function tagsOf({ Tags }: Member): Partial<Record<'role' | 'build' | 'vsn' | 'dc' | 'segment', string>> {
  return Tags;
}

function detailedTable(found: readonly Member[]): string[][] {
  const rows = found.map((member) => {
    const { segment: _shown, ...others } = { ...member.Tags };
    const tags = { ...others, segment: plainSegment(member) };
    const text = Object.entries(tags)
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join(',');
    return [member.Name, addressOf(member), statusOf(member), text];
  });
  return [['Node', 'Address', 'Status', 'Tags'], ...rows];
}

function plainSegment(member: Member): string {
  const { role, segment } = tagsOf(member);
  return role === 'consul' ? '<all>' : segment || '<default>';
}
