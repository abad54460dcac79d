import { HttpError, type HttpRequest } from '../../http/index.ts';
import type { ServiceName } from '../intentions/view.ts';

/**
 * `name`, `namespace/name` or `partition/namespace/name`; there is one partition here. What is malformed is answered with `status`: on
 * Consul's routes 500, as Consul does.
 */
export function parseServiceName(text: string, status: 400 | 500 = 500): ServiceName {
  const parts = text.split('/');
  const [name = '', namespace = 'default', partition = 'default'] = parts.toReversed();
  if (parts.length > 3 || parts.includes('') || partition !== 'default')
    throw new HttpError(
      status,
      `expected name, namespace/name or default/namespace/name, found ${JSON.stringify(text)}`,
    );
  return { namespace, name };
}

/** The service that the query parameter `name` names. */
export function requiredName({ query }: HttpRequest, name: string, status: 400 | 500 = 500): ServiceName {
  const value = query.get(name) ?? '';
  if (value === '') throw new HttpError(status, `required query parameter '${name}' not set`);
  return parseServiceName(value, status);
}
