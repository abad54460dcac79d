/**
 * The contract of a data plane, as tests: with real sockets and real certificates, for any engine.
 * Registers its tests with `node:test` where it is called.
 */

import { describe } from 'node:test';
import { flowContract } from './contract/flow-contract.ts';
import { inboundContract } from './contract/inbound-contract.ts';
import { lifecycleContract } from './contract/lifecycle-contract.ts';
import { outboundContract } from './contract/outbound-contract.ts';
import type { Subject } from './contract/subject.ts';

export type { Subject, TestCa } from './contract/subject.ts';

export function dataPlaneContract(engine: string, subject: Subject): void {
  describe(`the contract of a data plane, kept by the ${engine} engine`, () => {
    describe('inbound', () => inboundContract(subject));
    describe('outbound', () => outboundContract(subject));
    describe('flow', () => flowContract(subject));
    describe('lifecycle', () => lifecycleContract(subject));
  });
}
