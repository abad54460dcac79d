/** Checks that run a program on this machine: off unless the operator says otherwise, since whoever may register one runs what they like. */

import { typeOfCheck } from './check-request.ts';
import type { CheckRequest, ServiceRequest } from './request.ts';

/** Whose may run: nobody's, those of configuration files, or those of the API too. */
export type ScriptChecks = 'off' | 'files' | 'on';

/** What is wrong with checks of these origins, or undefined. In the words that clients of Consul know. */
export function findScriptError(
  checks: readonly CheckRequest[],
  allowed: ScriptChecks,
  isFromFile: boolean,
): string | undefined {
  return mayRunScripts(allowed, isFromFile) || checks.every((check) => typeOfCheck(check) !== 'script')
    ? undefined
    : scriptsAreOff(isFromFile);
}

export function mayRunScripts(allowed: ScriptChecks, isFromFile: boolean): boolean {
  return allowed === 'on' || (allowed === 'files' && isFromFile);
}

export function scriptsAreOff(isFromFile: boolean): string {
  return isFromFile
    ? "Scripts are disabled on this agent; to enable, configure 'enable_script_checks' or 'enable_local_script_checks' to true"
    : "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true";
}

/** All that come with a service: its own and its sidecar's. */
export function checksWith({ checks, sidecar }: ServiceRequest): readonly CheckRequest[] {
  return [...checks, ...(sidecar?.checks ?? [])];
}
