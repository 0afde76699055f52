/** What a person of the demo does when the mail that asks comes. */
export type Behaviour = 'agrees' | 'declines' | 'bounces' | 'stays-silent';

const DOMAIN = 'example.net';
const FIRST = ['Ana', 'Bao', 'Cleo', 'Dilan', 'Élise', 'Farah', 'Goran', 'Hana', 'Ivo', 'Jörg', 'Kaya', 'Liu', 'مريم'];
const LAST = ['Adeyemi', 'Brown', 'Castro', 'Dubois', 'Eriksen', 'Fischer', "O'Hara", 'Green, Jr.', 'Søgaard', 'Núñez'];

/** Every hundredth row is one that an import has to refuse: an address twice, or none. */
const isRefused = (row: number): boolean => row % 100 === 99;

/** Who does what; one person only declines. */
function behaviourOf(row: number): Behaviour {
  if (row === 7) return 'declines';
  if (row % 20 === 3) return 'agrees';
  return row % 50 === 11 ? 'bounces' : 'stays-silent';
}

/** The address of a row. */
export const addressOf = (row: number): string => `${behaviourOf(row)}.${row}@${DOMAIN}`;

/** What the person at an address does; undefined for an address that is not of the file. */
export function behaviourAt(address: string): Behaviour | undefined {
  const row = /^[a-z-]+\.(\d+)@/.exec(address)?.[1];
  return row !== undefined && addressOf(Number(row)) === address ? behaviourOf(Number(row)) : undefined;
}

/** How many people of a file of so many rows do this; rows that are refused are nobody. */
export function countOf(behaviour: Behaviour, rows: number): number {
  let count = 0;
  for (let row = 0; row < rows; row += 1) if (!isRefused(row) && behaviourOf(row) === behaviour) count += 1;
  return count;
}

/** The file, in pieces: semicolons, quotes where they are needed, as a spreadsheet writes it. */
export function* fileOf(rows: number): Generator<string> {
  yield 'E-mail;First name;Last name;Country\r\n';
  for (let row = 0; row < rows; row += 1) yield lineOf(row);
}

function lineOf(row: number): string {
  const name = `${FIRST[row % FIRST.length]};"${LAST[row % LAST.length]}"`;
  if (!isRefused(row)) return `${addressOf(row)};${name};DE\r\n`;
  return row % 200 === 99 ? `${addressOf(row - 1)};${name};DE\r\n` : `nobody at all;${name};DE\r\n`;
}
