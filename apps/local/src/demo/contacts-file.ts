import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import { sourceFile } from '../paths.js';

/** A made-up person of contacts.csv. */
export interface Person {
  readonly details: Record<string, string>;
  readonly note: string;
}

/** Reads the people one by one; empty columns are left out. */
export async function* peopleOfTheFile(): AsyncGenerator<Person> {
  const rows = createReadStream(sourceFile('demo', 'contacts.csv')).pipe(parse({ columns: true, bom: true }));
  for await (const row of rows as AsyncIterable<Record<string, string>>) {
    const { 'given name': givenName, 'family name': familyName, note = '', ...rest } = row;
    const details = Object.entries({ givenName, familyName, ...rest }).filter(([, value]) => value);
    yield { details: Object.fromEntries(details) as Record<string, string>, note: note.trim() };
  }
}
