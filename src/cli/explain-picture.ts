/** Why a connection is allowed or denied, for people: a picture, the rules, and the command for the opposite. */

import type { Change, Explanation, Other, Rule } from '../intentions/index.ts';
import { commandFor } from '../intentions/index.ts';
import { formatColumns } from './columns.ts';
import { formatServiceName } from './intentions.ts';
import type { Paint } from './paint.ts';

export interface Explained extends Explanation {
  readonly source: string;
  readonly destination: string;
  /** What else is to be known, each a sentence. */
  readonly notes: readonly string[];
}

export function drawExplanation(explained: Explained, paint: Paint): string {
  return [
    headline(explained, paint),
    decision(explained, paint),
    othersOf(explained, paint),
    elsewhere(explained),
    ...explained.notes.map((note) => `  ${note}`),
    advice(explained, paint),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function headline({ source, destination, allowed }: Explained, paint: Paint): string {
  const arrow = allowed ? paint('green', '────▶') : paint('red', '──✗ ▷');
  const word = allowed ? paint('green', 'allowed') : paint('red', 'denied');
  return `  ${paint('bold', source)} ${arrow} ${paint('bold', destination)}   ${word}`;
}

function decision({ decider, allowed }: Explained, paint: Paint): string {
  if (decider === undefined) {
    return `  ${paint('bold', 'The default decides')}: no intention matches, and the agent ${allowed ? 'allows' : 'denies'} then.`;
  }
  const because = reasonOf(decider);
  return [
    `  ${paint('bold', 'Decided by')}`,
    `    ${formatRule(decider)}  precedence ${decider.precedence}${because === '' ? '' : `\n    ${because}`}`,
  ].join('\n');
}

/** What of the rule itself is not plain. */
function reasonOf({ action, origin, permissions }: Rule): string {
  if (action === 'unknown') {
    const what = origin === undefined ? 'It asks for something' : `Its source is one of ${origin},`;
    return `${what} that is not evaluated here, so it denies.`;
  }
  return permissions === undefined
    ? ''
    : 'Its permissions are about requests; a connection has none yet and is denied.';
}

function othersOf({ others, decider }: Explained, paint: Paint): string {
  if (others.length === 0) return '';
  const rows = others.map((other) => [
    `    ${formatRule(other.rule)}`,
    `precedence ${other.rule.precedence}`,
    whyOf(other, decider),
  ]);
  return `  ${paint('bold', 'Did not decide')}\n${formatColumns(rows)}`;
}

function whyOf({ rule, why }: Other, decider: Rule | undefined): string {
  if (why === 'case') return 'allows the name only in exactly these letters';
  if (why === 'lower precedence') return 'lower precedence';
  return rule.action === decider?.action
    ? 'says the same'
    : 'same precedence, and of equals one that denies goes first';
}

function elsewhere({ elsewhere }: Explained): string {
  if (elsewhere === 0) return '';
  return `  ${elsewhere === 1 ? '1 more intention is' : `${elsewhere} more intentions are`} about other sources.`;
}

function advice({ allowed, flip }: Explained, paint: Paint): string {
  const steps = flip.map((change) => `    ${paint('cyan', commandFor(change) ?? byHand(change))}`);
  return `  ${paint('bold', allowed ? 'To deny it' : 'To allow it')}\n${steps.join('\n')}`;
}

function byHand(change: Change): string {
  const { source, sourceNamespace, destination } = change.names;
  const from = change.kind === 'delete' && change.origin !== undefined ? ` of ${change.origin}` : '';
  const name = formatServiceName({ namespace: sourceNamespace, name: source });
  return `remove the source ${name}${from} from the config entry service-intentions/${destination}`;
}

/** `web => db (deny)`, as the other commands print it. */
function formatRule({ source, sourceNamespace, destination, action, permissions, origin }: Rule): string {
  const name = formatServiceName({ namespace: sourceNamespace, name: source });
  const does =
    permissions === undefined
      ? action === 'unknown'
        ? 'not evaluated'
        : action
      : `${permissions} permission${permissions === 1 ? '' : 's'}`;
  return `${name}${origin === undefined ? '' : ` of ${origin}`} => ${destination} (${does})`;
}
