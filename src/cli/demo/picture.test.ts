import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawPicture, formatTime } from './picture.ts';

test('a way is drawn as boxes with arrows between them, encrypted ones double', () => {
  const picture = drawPicture(
    {
      stations: [
        { title: 'web', lines: ['an application'] },
        { title: 'api', lines: ['x'] },
        { title: 'end', lines: [] },
      ],
      legs: [
        { isEncrypted: true, lines: ['mutual TLS'] },
        { isEncrypted: false, lines: [] },
      ],
    },
    (_style, text) => text,
  );
  assert.equal(
    picture,
    `  ┌─ web ──────────┐
  │ an application │
  └────────────────┘
      ║  mutual TLS
      ▼
  ┌─ api ──────────┐
  │ x              │
  └────────────────┘
      ▼
  ┌─ end ──────────┐
  └────────────────┘`,
  );
});

test('times are as exact as they are worth', () => {
  assert.deepEqual([0.123, 1.5, 12.34, 1_234].map(formatTime), ['0.12 ms', '1.50 ms', '12.3 ms', '1.23 s']);
});
