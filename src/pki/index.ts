export {
  type CertificateFacts,
  formatColonHex,
  formatSerial,
  parseCertificate,
  readCertificate,
  uriSansOf,
} from './certificate.ts';
export { type LeafToVerify, type Verdict, verifyLeaf } from './chain.ts';
export { joinCertificates, splitCertificates } from './pem.ts';
export {
  formatServiceId,
  isSameServiceId,
  type OtherId,
  parseSpiffeId,
  type ServiceId,
  type SpiffeId,
} from './spiffe-id.ts';
