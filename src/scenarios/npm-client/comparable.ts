/** An outcome without what differs between two agents, two moments, or 1.8.7 and the form of 1.10. */

/** Members that later versions added. */
const addedLater = new Set(['ExposedPort', 'SocketPath', 'ServiceSocketPath', 'Mode']);

export function comparable(value: unknown): unknown {
  if (Array.isArray(value)) {
    const isText = value.every((item) => typeof item === 'string');
    return isText ? value.map(comparable).toSorted() : value.filter(isSettled).map(comparable); // Go lists a service's tags in any order
  }
  if (typeof value === 'string') return value.replace(/^127\.0\.0\.1:\d+$/, '127.0.0.1:<port>');
  if (value === null || typeof value !== 'object') return value;
  const isAgentService = 'Service' in value && 'EnableTagOverride' in value;
  const isOwnNode = 'Node' in value && value.Node === 'real' && 'Address' in value;
  const isProbe = 'Type' in value && value.Type === 'tcp';
  const isUpstream = 'LocalBindPort' in value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !addedLater.has(key) && !(isAgentService && key === 'Datacenter'))
      .filter(([key, member]) => isSettled(member) && !(isUpstream && isLeftOut(key, member)))
      .map(([key, member]): [string, unknown] => {
        if (key === 'CreateIndex' || key === 'ModifyIndex') return [key, member === 0 ? 0 : '<index>'];
        if (isOwnNode && key === 'ID') return [key, '<id>'];
        if (isProbe && key === 'Output') return [key, '<from a run at some moment>'];
        return [key, comparable(member)];
      }),
  );
}

/** An alias check follows another one a moment later, so that an answer may be from before or after. */
function isSettled(value: unknown): boolean {
  return !(value !== null && typeof value === 'object' && 'Type' in value && value.Type === 'alias');
}

/** What 1.8.7 writes of an upstream that has none of it; 1.10 does not. */
function isLeftOut(key: string, member: unknown): boolean {
  return (key === 'Datacenter' && member === '') || (key === 'Config' && member === null);
}
