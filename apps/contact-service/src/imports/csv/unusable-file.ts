import { Rejection } from '#service';
import { PIECE_BYTES } from '../upload-pieces.js';
import type { AlikeColumns } from './columns.js';

/** The file cannot be imported as it is; nothing of it is kept. The sentences say where to look and quote nothing. */
export const unusable = (code: string, title: string, detail?: string): Rejection =>
  new Rejection(code, title, 422, detail);

export const unknownEncoding = (): Rejection =>
  unusable(
    'unknown-encoding',
    'The characters of the file cannot be read.',
    'Save it as UTF-8; UTF-16 and Windows-1252 can be read as well.',
  );

export const holdsNul = (): Rejection =>
  unusable('nul-bytes', 'The file holds NUL bytes, so it is no text.', 'Save it as CSV in UTF-8.');

export const lineTooLong = (row: number): Rejection =>
  unusable('line-too-long', `Row ${row} is longer than 1 MiB.`, 'Perhaps a quote before it is never closed.');

/** It must end in the first piece of an upload. */
export const headerTooLong = (): Rejection =>
  unusable(
    'line-too-long',
    `The header is longer than ${PIECE_BYTES / 1_024} KiB.`,
    'Perhaps no line of the file ends.',
  );

/** By numbers and by our own word for the field: the header may be a row with somebody's name. */
export const duplicateColumns = ({ numbers: [first, second], field }: AlikeColumns): Rejection =>
  unusable(
    'duplicate-columns',
    `Columns ${first} and ${second} of the header have the same name.`,
    field &&
      `Both are read as "${field}": case, accents and punctuation do not count. Rename or leave out one of them.`,
  );
