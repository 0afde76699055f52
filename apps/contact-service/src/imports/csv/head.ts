import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { alikeColumns, type Mapping, mappingOf } from './columns.js';
import { csvOptions, inOurWords } from './csv-options.js';
import { duplicateColumns, headerTooLong, unusable } from './unusable-file.js';

const DELIMITERS = [',', ';', '\t', '|'] as const;
export const MOST_COLUMNS = 200;

export interface Head {
  readonly delimiter: string;
  /** As they stand in the file. */
  readonly columns: readonly string[];
  readonly mapping: Mapping;
}

/**
 * The header row, from the first bytes of a file, and by which character its columns are separated: the one that makes the
 * most columns with a known name of it, and then the most at all. A header in quotes is broken for every separator but its own,
 * so only what none can read is. Throws {@link Rejection} 422 for a header with which nothing can be imported.
 */
export function readHead(bytes: Buffer, isWholeFile: boolean): Head {
  const text = textOf(bytes);
  if (text.trim() === '') throw unusable('empty-file', 'The file is empty.');
  if (!isWholeFile && !/[\r\n]/.test(text)) throw headerTooLong();
  const tried = DELIMITERS.map((delimiter) => headBy(text, delimiter));
  const heads = tried.filter((one): one is Head => !(one instanceof CsvError));
  const [best] = heads.toSorted((a, b) => known(b) - known(a) || b.columns.length - a.columns.length);
  if (!best) throw inOurWords(furthest(tried.filter((one) => one instanceof CsvError)));
  requireUsable(best);
  return best;
}

function requireUsable({ columns, mapping }: Head): void {
  if (columns.length > MOST_COLUMNS) {
    throw unusable('too-many-columns', `The file has ${columns.length} columns; ${MOST_COLUMNS} are allowed.`);
  }
  const alike = alikeColumns(columns);
  if (alike) throw duplicateColumns(alike);
  if (mapping.email.length === 0) {
    throw unusable('no-address-column', 'No column of the header is known as an email address.', 'Name it "email".');
  }
}

/** Or why it cannot be read with this separator. */
function headBy(text: string, delimiter: string): Head | CsvError {
  try {
    const [columns = []] = parse(text, { ...csvOptions(delimiter), to: 1 }) as string[][];
    return { delimiter, columns, mapping: mappingOf(columns) };
  } catch (error) {
    if (error instanceof CsvError) return error;
    throw error;
  }
}

/** The error that is most likely the file's own: with a wrong separator the first value in quotes fails already. */
const furthest = (errors: readonly CsvError[]): CsvError =>
  errors.reduce((best, error) => (columnsRead(error) > columnsRead(best) ? error : best));

const columnsRead = (error: CsvError): number => Number(error.index ?? 0);

const known = ({ mapping }: Head): number => Object.values(mapping).filter((columns) => columns.length > 0).length;

/** The encoding of the whole file is not known yet; names of columns are short, so they are told by themselves. */
function textOf(bytes: Buffer): string {
  const end = bytes.findIndex((byte) => byte === 0x0a || byte === 0x0d);
  const line = end < 0 ? bytes : bytes.subarray(0, end);
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(line);
    return bytes.toString('utf8');
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}
