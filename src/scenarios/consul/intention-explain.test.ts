/** `fairlead intention explain` on our agent and on the real one, which has no such route: the same picture, and its advice is true. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { type FourWays, startFourWays, type Way } from './four-ways.ts';

let ways: FourWays;

before(async () => {
  ways = await startFourWays({ files: {} });
});

after(() => ways.close());

test('both agents are explained alike, and following the advice turns the decision, there and back', async () => {
  const ours = ways.others.filter(({ isOurCli }) => isOurCli);
  assert.equal(ours.length, 2);
  const [first, second] = await Promise.all(ours.map(story));
  assert.deepEqual(first, second);
  const [byDefault, denied, allowed] = first ?? [];
  assert.match(byDefault ?? '', /^0 {3}web ────▶ api {3}allowed\n\n {2}The default decides/);
  assert.match(
    denied ?? '',
    /^1 {3}web ──✗ ▷ api {3}denied\n\n {2}Decided by\n {4}web => api \(deny\) {2}precedence 9\n/,
  );
  assert.match(denied ?? '', /Did not decide\n {4}\* => api \(allow\) +precedence 8 +lower precedence\n/);
  assert.match(denied ?? '', /1 more intention is about other sources\./);
  assert.match(allowed ?? '', /^0 {3}web ────▶ api {3}allowed\n/);
});

test('one name too few, a wildcard and an agent that is away are errors, and not decisions', async () => {
  const ours = ways.others.filter(({ isOurCli }) => isOurCli);
  for (const way of ours) {
    const explain = (...args: string[]) => way.run(['intention', 'explain', ...args]);
    assert.deepEqual(
      (await Promise.all([explain('web'), explain('web', '*'), explain('-http-addr=127.0.0.1:1', 'web', 'api')])).map(
        ({ code, stderr }) => [code, stderr.split('\n')[0]?.replace(/(Error explaining the connection: ).*/, '$1…')],
      ),
      [
        [2, 'Error: command requires exactly two arguments: src and dst'],
        [2, 'Error: destination: expected the name of one service, found "*"'],
        [2, 'Error explaining the connection: …'],
      ],
    );
  }
});

test('the picture in the documentation is what the command prints', async () => {
  const way = ways.others.find(({ isOurCli, isOurAgent }) => isOurCli && isOurAgent);
  await way?.run(['intention', 'create', '-allow', '*', 'shop']);
  await way?.run(['intention', 'create', '-deny', 'web', 'shop']);
  const printed = (await way?.run(['intention', 'explain', 'web', 'shop']))?.stdout ?? '';
  const page = await readFile(new URL('../../../docs/intentions.md', import.meta.url), 'utf8');
  assert.equal(/```\n( {2}web .*?)```/s.exec(page)?.[1]?.replaceAll('api', 'shop'), printed.replaceAll(/ +$/gm, ''));
});

/** What is said before an intention, with three, and after the advice of each was followed. */
async function story(way: Way): Promise<readonly string[]> {
  const pictures: string[] = [];
  const look = async (): Promise<void> => {
    const { code, stdout } = await way.run(['intention', 'explain', 'web', 'api']);
    pictures.push(`${code} ${stdout}`);
  };
  const follow = async (): Promise<void> => {
    const command = /^ +fairlead (intention .*)$/m.exec(pictures.at(-1) ?? '')?.[1] ?? 'no advice';
    const { code, stderr } = await way.run(command.split(' '));
    assert.equal(code, 0, stderr);
  };
  await look();
  await follow();
  for (const source of ['*', 'batch']) await way.run(['intention', 'create', '-allow', source, 'api']);
  await look();
  await follow();
  await look();
  return pictures;
}
