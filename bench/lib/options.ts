/** `-name value` on the command line. */
export function numberOption(name: string, otherwise: number): number {
  const place = process.argv.indexOf(`-${name}`);
  return place > 0 ? Number(process.argv[place + 1]) : otherwise;
}
