import { expect, test } from '@jest/globals';
import { testModule } from '../test/test-service.js';
import { runDeadLetters } from './dead-letters-command.js';

test('When the database is away, then dead letters are not listed and that is said', async () => {
  const printed: string[] = [];
  const listed = runDeadLetters(testModule({}), { action: 'list' }, (line) => printed.push(line));
  await expect(listed).rejects.toThrow('The database cannot be reached.');
  expect(printed).toEqual([]);
});
