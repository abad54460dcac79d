/** `/v1/agent/connect/proxy/:id`: from which a managed proxy learns what it is to do, and waits for news of it. */

import type { HttpReply, HttpRequest, Route } from '../../http/index.ts';
import { topic } from '../state/topics.ts';
import { hashed } from './blocking.ts';
import type { ApiContext } from './context.ts';
import { mustWriteService } from './permissions.ts';
import { proxyConfigFor } from './proxy-config.ts';
import { proxyConfigToWire } from './wire-managed-proxy.ts';

export interface ManagedProxyRoutesOptions {
  /** Whether somebody said that there may be managed proxies. Without that, and without any, there is no such path, as from Consul 1.6 on. */
  readonly isAskedFor: boolean;
}

export function managedProxyRoutes(context: ApiContext, options: ManagedProxyRoutesOptions): Route[] {
  return [
    { path: '/v1/agent/connect/proxy/', methods: { GET: (request) => getProxyConfig(context, request, options) } },
  ];
}

async function getProxyConfig(
  context: ApiContext,
  request: HttpRequest,
  { isAskedFor }: ManagedProxyRoutesOptions,
): Promise<HttpReply> {
  const id = request.rest;
  const found = context.managedProxies?.byId(id);
  if (!isAskedFor && found === undefined) return { status: 404, isBare: true };
  const topics = [topic.agentService(id), ...(found === undefined ? [] : [topic.agentService(found.target.id)])];
  return await hashed(context, request, topics, () => {
    const proxy = context.managedProxies?.byId(id);
    if (proxy === undefined) return { notFound: `unknown proxy service ID: ${id}` };
    const { hash, config } = proxyConfigFor(context, request, proxy, (authorizer) =>
      mustWriteService(authorizer, proxy.target.name),
    );
    return { value: proxyConfigToWire(proxy, hash, config), hash };
  });
}
