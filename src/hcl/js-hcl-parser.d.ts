/** The package has no types of its own. */
declare module 'js-hcl-parser' {
  const parser: {
    /** JSON, or a sentence that begins with `unable to parse`. */
    parse(text: string): string;
  };
  export = parser;
}
