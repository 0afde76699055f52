/** Reads `--name value` as a positive whole number; ends the program with a sentence when it is none. */
export function numberOption(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? otherwise : Number(process.argv[at + 1]);
  if (Number.isInteger(value) && value > 0) return value;
  process.stderr.write(`--${name} takes a positive whole number\n`);
  process.exit(2);
}
