import { askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { formatColumns } from '../columns.ts';
import { type Command, defineCommand } from '../command.ts';
import { list, text, toggle } from '../flags.ts';
import { asParameter, checkKeyValue } from '../key-value.ts';
import { refuseArguments } from '../refuse-arguments.ts';

export const nodes: Command = defineCommand({
  usage: 'catalog nodes [options]',
  about: 'Lists the nodes of a datacenter, or those on which a service runs.',
  flags: {
    ...clientFlags,
    detailed: toggle('Show whole IDs, addresses and metadata.'),
    filter: text('An expression that picks nodes.', 'expression'),
    near: text('Sort by the distance from this node; _agent is the one that is asked.', 'node'),
    'node-meta': list('Only nodes with this metadata; may be given several times.', 'key=value', checkKeyValue),
    service: text('Only nodes on which this service runs.', 'name'),
  },
  run: async (values, args, context) => {
    refuseArguments(args);
    await using ask = askAgent(values, context.env);
    const query = {
      filter: values.filter,
      near: values.near,
      'node-meta': values['node-meta'].map(asParameter),
    };
    const answer = values.service
      ? await ask.call(
          'Error listing nodes for service',
          'GET',
          `/v1/catalog/service/${encodeURIComponent(values.service)}`,
          { query },
        )
      : await ask.call('Error listing nodes', 'GET', '/v1/catalog/nodes', { query });
    const rows = (answer.json() as readonly NodeRow[]).map(values.detailed ? detailedRow : plainRow);
    if (rows.length === 0) {
      context.complain('No nodes match the given query - try expanding your search.');
      return 0;
    }
    const head = ['Node', 'ID', 'Address', 'DC', ...(values.detailed ? ['TaggedAddresses', 'Meta'] : [])];
    context.print(formatColumns([head, ...rows]));
    return 0;
  },
});

/** Of a node, or of a service's instance, which has its node's members under other names. */
interface NodeRow {
  readonly ID: string;
  readonly Node: string;
  readonly Address: string;
  readonly Datacenter: string;
  readonly TaggedAddresses: Readonly<Record<string, string>> | null;
  readonly Meta?: Readonly<Record<string, string>> | null;
  readonly NodeMeta?: Readonly<Record<string, string>> | null;
}

function plainRow({ Node, ID, Address, Datacenter }: NodeRow): string[] {
  return [Node, ID.slice(0, 8), Address, Datacenter];
}

function detailedRow(node: NodeRow): string[] {
  return [
    node.Node,
    node.ID,
    node.Address,
    node.Datacenter,
    formatMap(node.TaggedAddresses),
    formatMap(node.Meta ?? node.NodeMeta),
  ];
}

function formatMap(map: Readonly<Record<string, string>> | null | undefined): string {
  return Object.entries(map ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(', ');
}
