export { type LabelledBlock, labelledBlocks, unwrapBlocks } from './blocks.ts';
export { loadHcl, type ParseHcl, parseHcl } from './parse-hcl.ts';
