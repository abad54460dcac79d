import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

const { isSupported } = createRequire(import.meta.url)('../bin/supported-node.js') as {
  isSupported(version: string): boolean;
};

const versions: ReadonlyArray<[version: string, isGood: boolean]> = [
  ['18.20.4', false],
  ['20.20.2', false],
  ['22.23.0', false],
  ['24.16.9', false],
  ['24.17.0', true],
  ['24.21.0', true],
  ['25.9.0', false],
  ['26.2.9', false],
  ['26.3.0', false],
  ['26.3.1', true],
  ['26.4.0', true],
  ['27.0.0', true],
];

for (const [version, isGood] of versions) {
  test(`the command and the import ${isGood ? 'run on' : 'refuse'} Node ${version}`, async (t) => {
    assert.equal(isSupported(version), isGood);

    const { versions: own } = process;
    Object.defineProperty(process, 'versions', { value: { ...own, node: version } });
    t.after(() => Object.defineProperty(process, 'versions', { value: own }));
    const imported = import(`./supported-node.ts?${version}`);
    if (isGood) await imported;
    else await assert.rejects(imported, { message: new RegExp(`^fairlead needs Node .+, this is ${version}: .+$`) });
  });
}
