import { expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ContactAdded, ContactDisabled, ContactEnabled, type ContactMessage, type MessageClass } from '#contracts';
import { aRecord, bindingsOf } from '../../../test/support/messaging.js';
import { parseRecord, type ParsedMessage } from './parse-record.js';
import { splitIntoRuns } from './split-into-runs.js';

const bindings = bindingsOf([ContactAdded, ContactDisabled, ContactEnabled]);
const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];

const [ours, theirs] = [randomUUID(), randomUUID()];

const parsed = (type: MessageClass<ContactMessage>, contactId: string, tenantId: string = ours): ParsedMessage => {
  const data = { tenantId, contactId, source: 'manual', at: new Date().toISOString() };
  const result = parseRecord(aRecord(type, data), bindings);
  if (result.kind !== 'message') throw new Error(result.reason);
  return result;
};
const runs = (...messages: [MessageClass<ContactMessage>, string, string?][]): [string, string[]][] =>
  splitIntoRuns(messages.map((message) => parsed(...message))).map((run) => [
    run[0].binding.message.type,
    run.map((one) => one.record.key),
  ]);

test('When types alternate over different contacts, then each type is handled by one call', () => {
  expect(runs([ContactAdded, a], [ContactDisabled, b], [ContactAdded, c], [ContactDisabled, b])).toEqual([
    ['ContactAdded', [a, c]],
    ['ContactDisabled', [b, b]],
  ]);
});

test('When a contact occurs under several types, then what came first for it is handled first', () => {
  expect(runs([ContactDisabled, a], [ContactEnabled, b], [ContactEnabled, a], [ContactDisabled, a])).toEqual([
    ['ContactDisabled', [a]],
    ['ContactEnabled', [b]],
    ['ContactEnabled', [a]],
    ['ContactDisabled', [a]],
  ]);
});

test('When tenants alternate, then each has one call for its contacts', () => {
  expect(runs([ContactAdded, a], [ContactAdded, b, theirs], [ContactAdded, c], [ContactAdded, b, theirs])).toEqual([
    ['ContactAdded', [a, c]],
    ['ContactAdded', [b, b]],
  ]);
});

test('When a contact occurs under several tenants, then what came first for it is handled first', () => {
  expect(runs([ContactAdded, a, theirs], [ContactAdded, b], [ContactAdded, a])).toEqual([
    ['ContactAdded', [a]],
    ['ContactAdded', [b]],
    ['ContactAdded', [a]],
  ]);
});

test('When there is nothing to handle, then there is no call', () => {
  expect(runs()).toEqual([]);
});
