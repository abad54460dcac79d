import { test } from 'node:test';
import { surviveKills } from './survival/rounds.ts';

test('an agent killed fifty times amid writes loses none that it acknowledged, keeps its CA, and reuses no index', async (t) => {
  const { acknowledged, indexes } = await surviveKills(50);
  t.diagnostic(`${acknowledged} acknowledged writes, ${indexes} pairs of URL and index compared`);
});
