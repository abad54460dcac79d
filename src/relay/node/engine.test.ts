import { noMetrics, type Runtime, silentLog, systemClock } from '../../base/index.ts';
import { createThrowawayCa } from '../../issuing/index.ts';
import { dataPlaneContract } from '../contract.ts';
import { startNodeEngine } from './engine.ts';

const runtime: Runtime = { clock: systemClock, log: silentLog, metrics: noMetrics, random: Math.random };

dataPlaneContract('node', {
  startEngine: (options) => startNodeEngine(runtime, options),
  createCa: createThrowawayCa,
});
