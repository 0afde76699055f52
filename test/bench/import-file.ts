import { createWriteStream } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** One row of so many is bad. */
export const BAD_EVERY = 100;

/** A CSV file of people with a header. */
export async function writeImportFile(file: string, rows: number): Promise<void> {
  await pipeline(Readable.from(lines(rows)), createWriteStream(file));
  // The server reads it for COPY, under another account.
  await chmod(file, 0o644);
}

function* lines(rows: number): Generator<string> {
  yield 'First Name,Last Name,Email,Phone,Language,Country\n';
  let block = '';
  for (let n = 0; n < rows; n += 1) {
    block += lineOf(n);
    if (n % 1_000 < 999) continue;
    yield block;
    block = '';
  }
  yield block;
}

/** Bad rows: no address, one that is none, a telephone number that is none, in turns. */
function lineOf(n: number): string {
  const bad = n % BAD_EVERY === 0 ? (n / BAD_EVERY) % 3 : -1;
  const email = bad === 0 ? '' : bad === 1 ? `person.${n}` : `person.${n}@example.org`;
  const phone = bad === 2 ? '1' : `+46 70 ${1_000_000 + (n % 1_000_000)}`;
  return `Zoë${n},Ångström${(n * 7_919) % 1_000_003},${email},${phone},sv,SE\n`;
}
