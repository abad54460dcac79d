import { HttpError, type HttpRequest } from '../../http/index.ts';

/** What an expression may select from: the members of the answer's elements. */
export type FilterSubject =
  | 'agent service'
  | 'check'
  | 'health entry'
  | 'node'
  | 'catalog service'
  | 'service of a node';

/** Which elements of an answer, as they go out, `?filter=` keeps. */
export function filterOf(request: HttpRequest, _subject: FilterSubject): (element: object) => boolean {
  const expression = request.query.get('filter') ?? '';
  if (expression !== '')
    throw new HttpError(501, 'filter expressions are not supported yet; filter the answer instead');
  return () => true;
}
