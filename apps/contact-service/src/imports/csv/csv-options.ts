import { CsvError, type Options } from 'csv-parse';
import type { Rejection } from '#service';
import { lineTooLong, unusable } from './unusable-file.js';

export const LONGEST_ROW_BYTES = 1_048_576;

/** How CSV is read here: any line ends, also mixed; quotes and numbers of columns must be right; empty lines do not count. */
export const csvOptions = (delimiter: string): Options => ({
  delimiter,
  record_delimiter: ['\r\n', '\n', '\r'],
  skip_empty_lines: true,
  max_record_size: LONGEST_ROW_BYTES,
});

/** The parser's error in words of ours: its own message quotes the file. Rows count as in a spreadsheet, the header is 1. */
export function inOurWords(error: CsvError): Rejection {
  const row = Number(error.records ?? 0) + 1;
  // Of the many codes of the parser only these need words of their own.
  switch (error.code as string) {
    case 'CSV_MAX_RECORD_SIZE':
      return lineTooLong(row);
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH':
    case 'CSV_RECORD_INCONSISTENT_COLUMNS':
      return unusable('uneven-rows', `Row ${row} has another number of columns than the header.`, SPLIT_HINT);
    case 'CSV_QUOTE_NOT_CLOSED':
      return unusable('broken-quotes', `A quote that opens in row ${row} is never closed.`);
    default:
      return unusable('broken-quotes', `A quote in row ${row} stands where none may be.`, QUOTE_HINT);
  }
}

const SPLIT_HINT = 'Perhaps a value holds the separator and is not in quotes.';
const QUOTE_HINT = 'A value with quotes in it is put into quotes, and those in it are doubled.';
