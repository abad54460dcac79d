import { type Ask, askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { type Command, defineCommand } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import { text, toggle, type Values } from '../flags.ts';

const flags = {
  ...clientFlags,
  disable: toggle('Back into use.'),
  enable: toggle('Out of use.'),
  reason: text('Why; shown with the check.', 'text'),
  service: text('The ID of the service; absent: the whole node.', 'id'),
};

export const maint: Command = defineCommand({
  usage: 'maint [options]',
  about: `Takes the node, or one service with -service, out of use, so that nobody is sent there, and back again.
Without -enable or -disable it shows what is out of use.`,
  flags,
  run: async (values, _args, context) => {
    const problem = contradictionIn(values);
    if (problem !== undefined) throw new CommandFailure(problem);
    const { enable, disable, reason, service } = values;

    await using ask = askAgent(values, context.env);
    if (!enable && !disable) {
      for (const line of await describe(ask)) context.print(line);
      return 0;
    }
    const query = { enable: enable === true, ...(reason && { reason }) };
    const path = service ? `/v1/agent/service/maintenance/${encodeURIComponent(service)}` : '/v1/agent/maintenance';
    await ask.call(
      `Error ${enable ? 'enabling' : 'disabling'} ${service ? 'service' : 'node'} maintenance`,
      'PUT',
      path,
      { query },
    );
    const state = `maintenance is now ${enable ? 'enabled' : 'disabled'}`;
    context.print(service ? `Service ${state} for "${service}"` : `Node ${state}`);
    return 0;
  },
});

function contradictionIn({ enable, disable, reason, service }: Values<typeof flags>): string | undefined {
  if (enable && disable) return 'Only one of -enable or -disable may be provided';
  if (!enable && reason) return 'Reason may only be provided with -enable';
  if (!enable && !disable && service) return 'Service requires either -enable or -disable';
  return undefined;
}

interface Check {
  readonly CheckID: string;
  readonly ServiceID: string;
  readonly Notes: string;
}

async function describe(ask: Ask): Promise<string[]> {
  const self = await ask.call('Error querying Consul agent', 'GET', '/v1/agent/self');
  const { Config: config } = self.json() as { readonly Config: { readonly NodeName: string } };
  const answer = await ask.call('Error querying Consul agent', 'GET', '/v1/agent/checks');
  const checks = Object.values(answer.json() as Readonly<Record<string, Check>>);
  return checks.flatMap(({ CheckID: id, ServiceID: serviceId, Notes: notes }) => {
    if (id === '_node_maintenance') return ['Node:', `  Name:   ${config.NodeName}`, `  Reason: ${notes}`, ''];
    if (id.startsWith('_service_maintenance:')) return ['Service:', `  ID:     ${serviceId}`, `  Reason: ${notes}`, ''];
    return [];
  });
}
