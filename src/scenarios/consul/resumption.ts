import { mkdtemp, readFile, rm, watch, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { startProgram } from '../../testing/index.ts';

interface LeafAnswer {
  readonly CertPEM: string;
  readonly PrivateKeyPEM: string;
}

/**
 * Connects twice to an inbound listener with OpenSSL, as `web` with a leaf of the agent, the second time with the first one's session.
 * What OpenSSL says of the second handshake: `New`, or `Reused`.
 */
export async function resumedSession(agent: string, port: number, version: '-tls1_2' | '-tls1_3'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-session-'));
  try {
    const leaf = (await (await fetch(`http://${agent}/v1/agent/connect/ca/leaf/web`)).json()) as LeafAnswer;
    const [certificate, key, session] = ['leaf.pem', 'leaf.key', 'session'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await writeFile(certificate, leaf.CertPEM);
    await writeFile(key, leaf.PrivateKeyPEM, { mode: 0o600 });
    const openssl = [
      's_client',
      '-connect',
      `127.0.0.1:${port}`,
      version,
      '-cert',
      certificate,
      '-key',
      key,
      '-ign_eof',
    ];
    await handshake([...openssl, '-sess_out', session], untilWritten(session));
    return await handshake([...openssl, '-sess_in', session]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `-ign_eof` keeps OpenSSL connected although nothing is typed; it is ended when it has said what it did and `done` has settled. */
async function handshake(args: readonly string[], done?: Promise<void>): Promise<string> {
  await using openssl = await startProgram('openssl', args);
  const line = await openssl.line(/^(New|Reused), /);
  await done;
  return line.split(',')[0] ?? '';
}

/** With TLS 1.3 what can be resumed comes after the handshake: OpenSSL writes the file then. */
async function untilWritten(file: string): Promise<void> {
  const signal = AbortSignal.timeout(10_000);
  for await (const { filename } of watch(dirname(file), { signal })) {
    if (filename === basename(file) && (await readFile(file, 'utf8')).includes('-----END SSL SESSION')) return;
  }
}
