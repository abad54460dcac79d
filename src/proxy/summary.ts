/** What a proxy says of itself when it starts, as pairs that the command line prints. */

import { formatAddress, formatTarget, type ProxyConfig, type ProxySettings } from './config.ts';
import type { ConfigOrigin } from './flag-config.ts';

export interface SummaryLine {
  readonly label: string;
  readonly value: string;
}

export function summaryOf(
  origin: ConfigOrigin,
  config: ProxyConfig,
  settings: ProxySettings,
  proxyId?: string,
): readonly SummaryLine[] {
  return [
    ...originLines(origin, proxyId),
    { label: 'Service', value: config.service },
    ...config.upstreams.map(({ target, bind }) => ({
      label: 'Upstream',
      value: `${formatTarget(target)} => ${formatAddress(bind)}`,
    })),
    { label: 'Public listener', value: config.inbound === undefined ? 'Disabled' : inboundValue(config.inbound) },
    { label: 'Authorization', value: authorizationValues[settings.authorization] },
  ];
}

const authorizationValues: Readonly<Record<ProxySettings['authorization'], string>> = {
  local: 'local (from intentions that are watched)',
  agent: 'agent (a question for each connection)',
};

function originLines(origin: ConfigOrigin, proxyId: string | undefined): SummaryLine[] {
  if (origin.kind === 'flags') return [{ label: 'Configuration mode', value: 'Flags' }];
  return [
    { label: 'Configuration mode', value: 'Agent API' },
    ...(origin.kind === 'sidecar for' ? [{ label: 'Sidecar for ID', value: origin.serviceId }] : []),
    ...(proxyId === undefined ? [] : [{ label: 'Proxy ID', value: proxyId }]),
  ];
}

function inboundValue({ bind, localService }: NonNullable<ProxyConfig['inbound']>): string {
  return `${formatAddress(bind)} => ${formatAddress(localService)}`;
}
