import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Secret } from '../base/index.ts';
import { createLog, type LogOptions, type ProgramLog } from './pino-log.ts';

test('as JSON, each line is an object with time, level, message and fields', () => {
  const [line, ...more] = logged({ level: 'info', json: true }, (log) => {
    log.debug('not this one');
    log.with({ service: 'web' }).warn('listener failed', { port: 8443, key: new Secret('hidden') });
  });
  assert.deepEqual(more, []);
  const { time, ...rest } = JSON.parse(line ?? '');
  assert.ok(!Number.isNaN(Date.parse(time)));
  assert.deepEqual(rest, { level: 'warn', service: 'web', port: 8443, key: '[secret]', message: 'listener failed' });
});

test('for people, each is one line, whatever is in it', () => {
  const lines = logged({ level: 'debug', json: false }, (log) => {
    log.info('connection closed', { peer: 'web', reason: 'two\nlines', bytes: 5 });
  });
  assert.equal(lines.length, 1);
  assert.match(
    lines[0] ?? '',
    /^\d\d:\d\d:\d\d\.\d{3} INFO {2}connection closed {2}peer=web reason="two\\nlines" bytes=5$/,
  );
});

function logged(options: LogOptions, write: (log: ProgramLog) => void): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-log-'));
  const file = openSync(join(folder, 'log'), 'a');
  try {
    const log = createLog({ ...options, destination: file });
    write(log);
    log.flush();
    return readFileSync(join(folder, 'log'), 'utf8').split('\n').filter(Boolean);
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}
