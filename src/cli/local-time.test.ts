import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLocalTime } from './local-time.ts';

test('a time reads as Consul prints it, in the zone of the machine', () => {
  const before = process.env['TZ'];
  try {
    for (const [zone, text] of [
      ['UTC', 'Monday, 23-Nov-26 03:06:04 UTC'],
      ['Europe/Berlin', 'Monday, 23-Nov-26 04:06:04 CET'],
      ['America/New_York', 'Sunday, 22-Nov-26 22:06:04 EST'],
    ] as const) {
      process.env['TZ'] = zone;
      assert.equal(formatLocalTime(new Date('2026-11-23T03:06:04Z')), text);
    }
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
});
