/** The flags that every command has which asks an agent; the same as Consul's. */

import { type Flag, text, toggle } from './flags.ts';

const group = 'Options for reaching the agent:';
const inGroup = <T>(flag: Flag<T>): Flag<T> => ({ ...flag, group });

export interface ClientFlags {
  readonly [name: string]: Flag<unknown>;
  readonly 'http-addr': Flag<string>;
  readonly token: Flag<string>;
  readonly 'token-file': Flag<string>;
  readonly 'ca-file': Flag<string>;
  readonly 'ca-path': Flag<string>;
  readonly 'client-cert': Flag<string>;
  readonly 'client-key': Flag<string>;
  readonly 'tls-server-name': Flag<string>;
  readonly datacenter: Flag<string>;
  readonly namespace: Flag<string>;
  readonly stale: Flag<boolean>;
}

export const clientFlags: ClientFlags = {
  'http-addr': inGroup(
    text(
      'The agent: host:port, http://…, https://… or unix:///path. CONSUL_HTTP_ADDR; default 127.0.0.1:8500.',
      'address',
    ),
  ),
  token: inGroup(text('The ACL token to ask with. CONSUL_HTTP_TOKEN.', 'token')),
  'token-file': inGroup(
    text('A file that holds the token; it is read again when it changes. CONSUL_HTTP_TOKEN_FILE.', 'file'),
  ),
  'ca-file': inGroup(text("The CA of the agent's certificate, PEM. CONSUL_CACERT.", 'file')),
  'ca-path': inGroup(text("A folder of CAs for the agent's certificate, PEM. CONSUL_CAPATH.", 'folder')),
  'client-cert': inGroup(text('A certificate to show to the agent, PEM. CONSUL_CLIENT_CERT.', 'file')),
  'client-key': inGroup(text('Its private key, PEM. CONSUL_CLIENT_KEY.', 'file')),
  'tls-server-name': inGroup(text("The name to expect in the agent's certificate. CONSUL_TLS_SERVER_NAME.", 'name')),
  datacenter: inGroup(text("The datacenter to ask. Default: the agent's own.", 'name')),
  namespace: inGroup(text('Only `default` exists; accepted so that pasted commands work.', 'name')),
  stale: inGroup(toggle('Let any server of a cluster answer, perhaps with older data.')),
};
