/** Which checks can be registered, and as what. The texts are those that clients of Consul know. */

import type { CheckDefinition, CheckStatus } from '../state/tables.ts';
import type { CheckRequest } from './request.ts';

const statuses: readonly string[] = ['passing', 'warning', 'critical'];

export function isCheckStatus(text: string): text is CheckStatus {
  return statuses.includes(text);
}

/** What is wrong with a check, or undefined. */
export function findCheckError(check: CheckRequest): string | undefined {
  return findTimingError(check) ?? findLimitError(check) ?? findKindError(check);
}

function findTimingError(check: CheckRequest): string | undefined {
  const { interval = 0, ttl = 0, aliasService, aliasNode } = check.definition;
  const type = typeOfCheck(check);
  const isRunAtIntervals = type !== 'ttl' && type !== 'alias';
  const isAlias = aliasService !== undefined || aliasNode !== undefined;
  if (interval > 0 && ttl > 0) return 'Interval and TTL cannot both be specified';
  if (isRunAtIntervals && interval <= 0) return 'Interval must be > 0 for Script, HTTP, H2PING, or TCP checks';
  if (isRunAtIntervals && isAlias) return 'Interval cannot be set for Alias checks';
  if (isAlias && ttl > 0) return 'TTL must be not be set for Alias checks';
  if (type === 'ttl' && ttl <= 0) return 'TTL must be > 0 for TTL checks';
  return undefined;
}

function findLimitError({ definition }: CheckRequest): string | undefined {
  const { outputMaxSize = 0, successBeforePassing = 0 } = definition;
  const { failuresBeforeWarning = 0, failuresBeforeCritical = 0 } = definition;
  if (outputMaxSize < 0) return 'MaxOutputMaxSize must be positive';
  if (successBeforePassing < 0 || failuresBeforeWarning < 0 || failuresBeforeCritical < 0) {
    return 'SuccessBeforePassing, FailuresBeforeWarning and FailuresBeforeCritical must not be negative';
  }
  if (failuresBeforeCritical > 0 && failuresBeforeWarning > failuresBeforeCritical) {
    return "FailuresBeforeWarning can't be higher than FailuresBeforeCritical";
  }
  return undefined;
}

function findKindError(check: CheckRequest): string | undefined {
  if (check.notRun !== undefined) return `${check.notRun} checks are not run by this agent; use HTTP, TCP or TTL`;
  return undefined;
}

/** The kind of a check; one without any member that says so is meant to be updated by its service. */
export function typeOfCheck({ definition, notRun }: CheckRequest): CheckDefinition['type'] {
  if (definition.grpc !== undefined) return 'grpc';
  if (definition.http !== undefined) return 'http';
  if (definition.ttl !== undefined && definition.ttl > 0) return 'ttl';
  if (definition.tcp !== undefined) return 'tcp';
  if (definition.aliasService !== undefined || definition.aliasNode !== undefined) return 'alias';
  if (definition.h2ping !== undefined) return 'h2ping';
  if (definition.udp !== undefined) return 'udp';
  if (definition.args !== undefined) return notRun === undefined ? 'script' : '';
  return notRun === undefined ? 'ttl' : '';
}

/** A block that says nothing, which clients send for "no check". */
export function isEmptyCheck(check: CheckRequest): boolean {
  return (
    Object.keys(check.definition).length === 0 &&
    check.notRun === undefined &&
    `${check.id}${check.name}${check.notes}${check.status}` === ''
  );
}
