import { Rejection } from '#service';

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
