import { test } from 'node:test';
import { surviveKills } from './survival/rounds.ts';

test('an agent killed fifty times amid writes of every kind loses none that it acknowledged, reuses no index, and leaves no proxy alone or in two', async (t) => {
  const survival = await surviveKills(50);
  t.diagnostic(JSON.stringify(survival));
});
