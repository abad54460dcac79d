import { HttpError, type HttpRequest } from '../../http/index.ts';
import type { ServiceName } from '../intentions/view.ts';

/** `name`, `namespace/name` or `partition/namespace/name`; there is one partition here. */
export function parseServiceName(text: string): ServiceName {
  const parts = text.split('/');
  const [name = '', namespace = 'default', partition = 'default'] = parts.toReversed();
  if (parts.length > 3 || parts.includes('') || partition !== 'default')
    throw new HttpError(500, `expected name, namespace/name or default/namespace/name, found ${JSON.stringify(text)}`);
  return { namespace, name };
}

/** The service that the query parameter `name` names. */
export function requiredName({ query }: HttpRequest, name: string): ServiceName {
  const value = query.get(name) ?? '';
  if (value === '') throw new HttpError(500, `required query parameter '${name}' not set`);
  return parseServiceName(value);
}
