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
 * most columns with a known name of it, and then the most at all. Throws {@link Rejection} 422 for a header with which
 * nothing can be imported.
 */
export function readHead(bytes: Buffer, isWholeFile: boolean): Head {
  const text = textOf(bytes);
  if (text.trim() === '') throw unusable('empty-file', 'The file is empty.');
  if (!isWholeFile && !/[\r\n]/.test(text)) throw headerTooLong();
  const heads = DELIMITERS.flatMap((delimiter) => headBy(text, delimiter) ?? []);
  const [best] = heads.toSorted((a, b) => known(b) - known(a) || b.columns.length - a.columns.length);
  if (!best) throw unusable('broken-quotes', 'A quote in the header is never closed.');
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

function headBy(text: string, delimiter: string): Head | undefined {
  try {
    const [columns = []] = parse(text, { ...csvOptions(delimiter), to: 1 }) as string[][];
    return { delimiter, columns, mapping: mappingOf(columns) };
  } catch (error) {
    if (error instanceof CsvError && error.code === 'CSV_QUOTE_NOT_CLOSED') return undefined;
    throw error instanceof CsvError ? inOurWords(error) : error;
  }
}

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
