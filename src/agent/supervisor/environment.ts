/** What a managed proxy finds in its environment. Source: Consul, "Custom Proxies" of 1.2 to 1.5; the code of these versions has other names. */

import { formatListenAddress, type ListenAddress } from '../../http/index.ts';
import type { ManagedProxy } from '../registry/managed-proxies.ts';

/** The spelling of Consul's code, which is what proxies of that time read. */
export const tokenVariable = 'CONNECT_PROXY_TOKEN';

/** What the agent says of itself gives way to what is in its own environment; who the proxy is does not. */
export function environmentOf(
  proxy: Pick<ManagedProxy, 'id' | 'token'>,
  agentAddress: string,
  inherited: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    CONSUL_HTTP_ADDR: agentAddress,
    CONSUL_HTTP_AUTH: '',
    CONSUL_HTTP_SSL: 'false',
    CONSUL_HTTP_SSL_VERIFY: 'false',
    CONSUL_HTTP_TOKEN: '',
    CONSUL_CACERT: '',
    CONSUL_CAPATH: '',
    CONSUL_CLIENT_CERT: '',
    CONSUL_CLIENT_KEY: '',
    CONSUL_TLS_SERVER_NAME: '',
    ...inherited,
    CONNECT_PROXY_ID: proxy.id,
    [tokenVariable]: proxy.token,
    CONSUL_PROXY_ID: proxy.id,
    CONSUL_PROXY_TOKEN: proxy.token,
  };
}

/** Under which a process on this machine reaches one of `addresses`: TCP where there is a choice. Undefined when there are none. */
export function agentAddressFor(addresses: readonly ListenAddress[]): string | undefined {
  const address = addresses.find((one) => 'port' in one) ?? addresses[0];
  if (address === undefined) return undefined;
  if ('path' in address) return `unix://${address.path}`;
  const loopback: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  return formatListenAddress({ host: loopback[address.host] ?? address.host, port: address.port });
}
