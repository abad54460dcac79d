export {
  type CrossSigned,
  crossSign,
  type Issuer,
  issueLeaf,
  type Leaf,
  type LeafWanted,
  leafName,
  makeRoot,
  type Purpose,
  type RootWanted,
  readIssuer,
  signingKeyIdOf,
} from './certificate.ts';
export { type Csr, type CsrVerdict, type CsrWanted, checkCsr, makeCsr } from './csr.ts';
export {
  defaultKeyKind,
  formatPrivateKey,
  generateKey,
  type KeyKind,
  kindOfKey,
  parsePrivateKey,
  problemWithKeyKind,
  publicKeyInfoOf,
} from './key.ts';
export {
  createThrowawayCa,
  type IssuedIdentity,
  type IssueOptions,
  type ThrowawayCa,
  type ThrowawayCaOptions,
} from './throwaway-ca.ts';
