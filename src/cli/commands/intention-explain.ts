import { type ExplainAnswer, type ExplainStep, fieldsOfIntention, type Intention } from '../../api/index.ts';
import { type Change, explain, type Rule, ruleOf } from '../../intentions/index.ts';
import { type Ask, askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { type Command, defineCommand } from '../command.ts';
import { drawExplanation, type Explained } from '../explain-picture.ts';
import { CommandFailure } from '../failure.ts';
import { formatServiceName, parseServiceName, type ServiceName } from '../intentions.ts';
import { paintFor } from '../paint.ts';

/** 1 means denied. */
const failed = 2;

export const explainPair: Command = defineCommand({
  usage: 'intention explain [options] SOURCE DESTINATION',
  about: `Shows why connections from SOURCE to DESTINATION are allowed or denied: the intention that decides, what the others lost by, and
the smallest change that would turn the decision. The exit code is 0 for allowed, 1 for denied, as of \`intention check\`.`,
  flags: clientFlags,
  misuseExitCode: failed,
  run: async (values, args, context) => {
    const [source, destination] = args;
    if (args.length !== 2 || source === undefined || destination === undefined)
      throw new CommandFailure('Error: command requires exactly two arguments: src and dst', failed);
    const pair = { source: serviceFrom(source, 'source'), destination: serviceFrom(destination, 'destination') };
    await using ask = askAgent(values, context.env, failed);
    const explained = (await askForExplanation(ask, pair)) ?? (await explainHere(ask, pair));
    context.print(drawExplanation(explained, paintFor(context)));
    return explained.allowed ? 0 : 1;
  },
});

interface Pair {
  readonly source: ServiceName;
  readonly destination: ServiceName;
}

function serviceFrom(text: string, end: keyof Pair): ServiceName {
  const { namespace, name } = parseServiceName(text, end);
  if (name === '' || name.includes('*') || namespace.includes('*'))
    throw new CommandFailure(`Error: ${end}: expected the name of one service, found ${JSON.stringify(text)}`, failed);
  return { namespace: namespace || 'default', name };
}

/** Undefined for an agent that is not ours. */
async function askForExplanation(ask: Ask, pair: Pair): Promise<Explained | undefined> {
  const query = namesOf(pair);
  const answer = await ask.find('Error explaining the connection', '/v1/internal/fairlead/explain', { query });
  if (answer === undefined) return undefined;
  const told = answer.json() as ExplainAnswer;
  return {
    ...namesOf(pair),
    allowed: told.Allowed,
    decider: told.DecidedBy === null ? undefined : ruleFrom(told.DecidedBy),
    others: told.Others.map(({ Why: why, Intention: other }) => ({ rule: ruleFrom(other), why })),
    elsewhere: told.Elsewhere,
    flip: told.Flip.map(changeFrom),
    notes: [],
  };
}

/** From what any agent tells: the intentions that match, and its word on two pairs. */
async function explainHere(ask: Ask, pair: Pair): Promise<Explained> {
  const { source, destination } = pair;
  const query = { by: 'destination', name: formatServiceName(destination) };
  const answer = await ask.call('Error matching the connection', 'GET', '/v1/connect/intentions/match', { query });
  const matching = answer.json() as Readonly<Record<string, readonly Intention[] | null>>;
  const rules = Object.values(matching).flatMap((found) => (found ?? []).map(ruleFrom));
  const allowedByDefault = await check(ask, { source: strangerTo(rules), destination });
  const found = explain(rules, {
    source: { service: source.name, namespace: source.namespace },
    destination: { service: destination.name, namespace: destination.namespace },
    allowedByDefault,
  });
  const saysAllowed = await check(ask, pair);
  const notes =
    saysAllowed === found.allowed
      ? []
      : [
          `This agent itself ${saysAllowed ? 'allows' : 'denies'} it: it compares the source's name letter by letter, Fairlead does not where a rule denies.`,
        ];
  return { ...namesOf(pair), ...found, notes };
}

/**
 * A service that no rule names, to learn what the default is. A wildcard may match it; then it matches every source, and what the default
 * is does not matter for any.
 */
function strangerTo(rules: readonly Rule[]): ServiceName {
  const known = new Set(rules.map(({ source }) => source.toLowerCase()));
  let name = 'nobody';
  while (known.has(name)) name += '-else';
  return { namespace: 'default', name };
}

async function check(ask: Ask, pair: Pair): Promise<boolean> {
  const query = { ...namesOf(pair), 'source-type': 'consul' };
  const answer = await ask.call('Error checking the connection', 'GET', '/v1/connect/intentions/check', { query });
  return (answer.json() as { readonly Allowed: boolean }).Allowed;
}

/** As people write them, and as the API takes them. */
function namesOf({ source, destination }: Pair): { source: string; destination: string } {
  return { source: formatServiceName(source), destination: formatServiceName(destination) };
}

const ruleFrom = (intention: Intention): Rule => ruleOf(fieldsOfIntention(intention));

function changeFrom(step: ExplainStep): Change {
  const names = {
    source: step.SourceName,
    sourceNamespace: step.SourceNS,
    destination: step.DestinationName,
    destinationNamespace: step.DestinationNS,
  };
  if (step.Change === 'delete') return { kind: 'delete', names, ...(step.Origin && { origin: step.Origin }) };
  return { kind: step.Change, names, action: step.Action ?? 'deny' };
}
