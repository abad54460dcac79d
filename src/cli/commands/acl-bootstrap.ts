import { formatFlags, formatToken } from '../acl/format.ts';
import type { TokenShown } from '../acl/shown.ts';
import { askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { type Command, defineCommand } from '../command.ts';

export const bootstrap: Command = defineCommand({
  usage: 'acl bootstrap [options]',
  about: `Makes the first token, which may do everything, and prints it. It is given once: keep it in a safe place.
Where every such token is lost, the refusal tells an index; write that into the file acl-bootstrap-reset of the
agent's data directory, and bootstrap again.`,
  flags: { ...clientFlags, format: formatFlags.format },
  run: async (values, _args, context) => {
    await using ask = askAgent(values, context.env);
    const answer = await ask.call('Failed ACL bootstrapping', 'PUT', '/v1/acl/bootstrap');
    context.print(formatToken(answer.json() as TokenShown, { format: values.format, meta: false }));
    return 0;
  },
});
