export {
  formatServiceId,
  isSameServiceId,
  type OtherId,
  parseSpiffeId,
  type ServiceId,
  type SpiffeId,
} from './spiffe-id.ts';
