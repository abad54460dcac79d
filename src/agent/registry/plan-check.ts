import { InputError } from '../../base/index.ts';
import type { CheckRow, CheckStatus, ServiceRow } from '../state/tables.ts';
import { isCheckStatus, typeOfCheck } from './check-request.ts';
import type { NodeRows } from './node-rows.ts';
import { ownCheckId } from './own-node.ts';
import { present } from './present.ts';
import type { CheckRequest } from './request.ts';

export interface CheckOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly fromFile?: boolean;
}

/**
 * The row of one check, of `service` or of the node. One that is registered already keeps its status and output, so that registering
 * again disturbs nobody; `isNewWord` says that a status in the request is meant to replace the one there is.
 */
export function planCheck(
  request: CheckRequest,
  service: Pick<ServiceRow, 'id' | 'name' | 'tags'> | undefined,
  rows: NodeRows,
  options: CheckOptions,
  isNewWord = false,
): CheckRow {
  refuseTakenId(request.id, rows);
  const type = typeOfCheck(request);
  const before = rows.ownCheck(request.id);
  const kept = isNewWord && request.status !== '' && type !== 'ttl' ? undefined : before;
  const { ttl } = request.definition;
  return {
    node: rows.node,
    checkId: request.id,
    name: request.name || `Service '${service?.name ?? ''}' check`,
    status: kept?.status ?? initialStatus(request.status),
    notes: request.notes,
    output: kept?.output ?? '',
    serviceId: service?.id ?? '',
    serviceName: service?.name ?? '',
    serviceTags: service?.tags ?? [],
    type,
    local: present({
      definition: { type, ...request.definition },
      output: kept?.local?.output,
      expiresAt: type === 'ttl' && ttl !== undefined ? options.now + ttl : undefined,
      fromFile: options.fromFile,
    }),
  };
}

function initialStatus(asked: string): CheckStatus {
  return isCheckStatus(asked) ? asked : 'critical';
}

function refuseTakenId(id: string, rows: NodeRows): void {
  if (id === ownCheckId) throw new InputError('', `Check ID "${id}" is that of the agent itself`);
  const alike = rows.checkSpeltLike(id);
  if (alike === undefined) return;
  throw new InputError('', `Check ID "${id}" differs only in case from "${alike.checkId}", which is registered`);
}
