export { type FakeClock, fakeClock } from './fake-clock.ts';
export { type Mesh, type MeshOptions, startMesh } from './mesh.ts';
