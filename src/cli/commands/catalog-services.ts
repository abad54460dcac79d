import { askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { formatWideColumns } from '../columns.ts';
import { type Command, defineCommand } from '../command.ts';
import { list, text, toggle } from '../flags.ts';
import { asParameter, checkKeyValue } from '../key-value.ts';
import { refuseArguments } from '../refuse-arguments.ts';

export const services: Command = defineCommand({
  usage: 'catalog services [options]',
  about: 'Lists the services of a datacenter, or of one node.',
  flags: {
    ...clientFlags,
    node: text('Only what runs on this node.', 'name or id'),
    'node-meta': list(
      'Only what runs on nodes with this metadata; may be given several times.',
      'key=value',
      checkKeyValue,
    ),
    tags: toggle("Show each service's tags beside it."),
  },
  run: async (values, args, context) => {
    refuseArguments(args);
    await using ask = askAgent(values, context.env);
    const query = { 'node-meta': values['node-meta'].map(asParameter) };
    const found = values.node
      ? await ask.call(
          'Error listing services for node',
          'GET',
          `/v1/catalog/node/${encodeURIComponent(values.node)}`,
          { query },
        )
      : await ask.call('Error listing services', 'GET', '/v1/catalog/services', { query });
    const tags = values.node ? tagsOnNode(found.json() as NodeServices | null) : tagsByName(found.json() as TagsByName);
    const names = [...tags.keys()].sort();
    if (names.length === 0) {
      context.complain('No services match the given query - try expanding your search.');
      return 0;
    }
    const rows = names.map((name) => [name, [...(tags.get(name) ?? [])].sort().join(',')]);
    context.print(values.tags ? formatWideColumns(rows) : names.join('\n'));
    return 0;
  },
});

type TagsByName = Readonly<Record<string, readonly string[] | null>>;

interface NodeServices {
  readonly Services: Readonly<Record<string, { readonly Service: string; readonly Tags: readonly string[] | null }>>;
}

type Tags = ReadonlyMap<string, ReadonlySet<string>>;

function tagsByName(services: TagsByName): Tags {
  return new Map(Object.entries(services).map(([name, tags]) => [name, new Set(tags ?? [])]));
}

/** Several instances of a service on the node count as one with the tags of all. */
function tagsOnNode(node: NodeServices | null): Tags {
  const tags = new Map<string, Set<string>>();
  for (const { Service: name, Tags: own } of Object.values(node?.Services ?? {})) {
    tags.set(name, new Set([...(tags.get(name) ?? []), ...(own ?? [])]));
  }
  return tags;
}
