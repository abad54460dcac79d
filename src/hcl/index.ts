export { type LabelledBlock, labelledBlocks, unwrapBlocks } from './blocks.ts';
export { parseHcl } from './parse-hcl.ts';
