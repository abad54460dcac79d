/** What to tell people when a call fails: what was asked, what came back, what to do. */

import { messageOf } from '../base/index.ts';
import { type AgentAddress, formatAgentAddress } from './address.ts';
import { ApiError } from './api-error.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
}

/** Characters of the agent's own words that go into a message. */
const longestQuote = 500;

/** For an answer that is not 2xx. `token` is taken out of whatever the agent said. */
export function refusalOf(
  asked: Asked,
  answer: { readonly status: number; readonly text: string },
  token: string | undefined,
): ApiError {
  const { status } = answer;
  const text = token ? answer.text.replaceAll(token, '[token]') : answer.text;
  const said = text.trim().slice(0, longestQuote) || `status ${status}`;
  const what = `${asked.method} ${asked.path}`;
  if (status === 403)
    return new ApiError('TOKEN_REFUSED', `the agent refused ${what}: ${said}. ${adviceOn403(token)}`, { status, text });
  if (status === 404) return new ApiError('NOT_FOUND', `the agent has no ${what}: ${said}`, { status, text });
  return new ApiError('REFUSED', `the agent answered ${what} with ${status}: ${said}`, { status, text });
}

function adviceOn403(token: string | undefined): string {
  return token ? 'Give a token that may do this' : 'It was asked without a token: give one that may do this';
}

/** For an exchange that broke. */
export function failureOf(asked: Asked, address: AgentAddress, error: unknown): ApiError {
  const { code = '' } = error as NodeJS.ErrnoException;
  const at = formatAgentAddress(address);
  const what = `${asked.method} ${asked.path}`;
  if (code.startsWith('HPE_'))
    return new ApiError('BAD_ANSWER', `what answers at ${at} does not speak HTTP: check the address`, { cause: error });
  return new ApiError('UNREACHABLE', `${what}: ${reasonOf(code, at, error)}`, { cause: error });
}

function reasonOf(code: string, at: string, error: unknown): string {
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return `no agent listens at ${at}: start it, or check the address`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host of ${at} has no address: check the name`;
    case 'EACCES':
      return `no permission to connect to ${at}`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `the agent at ${at} reset the connection: it was stopped, or this host has too many connections to it (limits.http_max_conns_per_client, 200 by default)`;
    case 'EPROTO':
      return `${at} does not speak TLS: use http://, or the agent's HTTPS port`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `the certificate of ${at} is for another name: give the name it has as the TLS server name`;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `the certificate of ${at} is of an unknown CA: give the CA's certificate`;
    default:
      return `no answer from ${at}: ${messageOf(error)}`;
  }
}
