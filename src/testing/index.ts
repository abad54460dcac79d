export {
  type Exit,
  type Finished,
  findFreePort,
  findFreePorts,
  type Program,
  type ProgramOptions,
  runProgram,
  startProgram,
} from './programs.ts';
export { findConsul, type RealConsul, type RealConsulOptions, startRealConsul } from './real-consul.ts';
