import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ContactAdded, ContactDataErased, type Data } from '#contracts';
import { aContactAdded } from '../../../test/support/make.js';
import { aRecord, bindingsOf } from '../../../test/support/messaging.js';
import { parseRecord } from './parse-record.js';

const bindings = bindingsOf([ContactAdded, ContactDataErased]);
const parse = (value: string) => {
  const evidence = aContactAdded() as unknown as Data<ContactDataErased>;
  return parseRecord(aRecord(ContactDataErased, evidence, { value: Buffer.from(value) }), bindings);
};

test('When a newer sender says more, then what is unknown is dropped', () => {
  const contact = aContactAdded();
  const more = { ...contact, email: 'jane@example.com' };
  const parsed = parseRecord(aRecord(ContactAdded, more), bindings);
  expect(parsed).toMatchObject({ kind: 'message' });
  expect(parsed).not.toHaveProperty('received.data.email');
});

test('When data is nested deeper than it can be read, then it is malformed', () => {
  const deep = (levels: number) => `{"stores":${'['.repeat(levels)}${']'.repeat(levels)}}`;
  expect(parse(deep(200_000))).toMatchObject({ kind: 'malformed' });
  const objects = `${'{"stores":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
  expect(parse(objects)).toMatchObject({ kind: 'malformed', reason: 'invalid-data' });
});

test('When data is anything at all, then reading it never throws', () => {
  const field = fc.constantFrom(
    'tenantId',
    'contactId',
    'stores',
    'at',
    'constructor',
    '__proto__',
    'then',
    'toString',
  );
  const data = fc.dictionary(field, fc.jsonValue());
  fc.assert(
    fc.property(data, (given) => {
      expect(parse(JSON.stringify(given)).kind).toBe('malformed');
    }),
    { seed: 1, numRuns: 300 },
  );
});
