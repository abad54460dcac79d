import http from 'node:http';

export type Outcome =
  | { readonly kind: 'answer'; readonly status: number; readonly body: string }
  /** Nothing came back: refused, reset, or out of time. */
  | { readonly kind: 'failed'; readonly code: string };

/** One request on a connection of its own. */
export function httpGet(port: number, path: string, signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void =>
      resolve({ kind: 'failed', code: error.code ?? error.message });
    const request = http.get({ host: '127.0.0.1', port, path, agent: false, signal }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.once('error', failed);
      response.once('end', () => resolve({ kind: 'answer', status: response.statusCode ?? 0, body }));
    });
    request.once('error', failed);
  });
}
