export { type OurAgent, startOurAgent } from './our-agent.ts';
export {
  type Exit,
  type Finished,
  findFreePorts,
  type Program,
  type ProgramOptions,
  runProgram,
  startProgram,
} from './programs.ts';
export { findConsul, type RealConsul, type RealConsulOptions, startRealConsul } from './real-consul.ts';
export { testRuntime } from './test-runtime.ts';
