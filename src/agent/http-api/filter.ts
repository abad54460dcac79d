import { HttpError, type HttpRequest } from '../../http/index.ts';
import { compileFilter } from '../filter/filter.ts';
import { FilterError } from '../filter/filter-error.ts';
import { type FilterSubject, filterSubjects } from './filter-subjects.ts';

/**
 * Which elements of an answer, as they go out, `?filter=` keeps. Throws HttpError 500 for an expression that can't be used, which is the
 * status that Consul has for it; what is returned throws one when the elements are too many for the expression.
 */
export function filterOf(request: HttpRequest, subject: FilterSubject): (element: object) => boolean {
  const expression = request.query.get('filter') ?? '';
  if (expression === '') return () => true;
  const keeps = told(() => compileFilter(expression, filterSubjects[subject]));
  return (element) => told(() => keeps(element));
}

function told<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw new HttpError(500, `Failed to create boolean expression evaluator: ${error.message}`);
  }
}
