import { expect, test } from '@jest/globals';
import { ChangingPassword } from './changing-password.js';

/** Offers passwords until the server takes one; the ones it was offered. */
function connect(password: ChangingPassword, server: string): string[] {
  const offered: string[] = [];
  while (offered.length < 5) {
    const one = password.next();
    offered.push(one);
    if (one === server) {
      password.wasAccepted(one);
      return offered;
    }
    password.wasRefused(one);
  }
  return offered;
}

test('When the file changes long before the server, then the old password stays in use, and the new one follows by itself', () => {
  let file = 'old';
  const password = new ChangingPassword(() => file);
  expect(connect(password, 'old')).toEqual(['old']);
  file = 'new';
  expect(connect(password, 'old')).toEqual(['new', 'old']);
  expect(connect(password, 'old')).toEqual(['old']);
  expect(connect(password, 'new')).toEqual(['old', 'new']);
  expect(connect(password, 'new')).toEqual(['new']);
});

test('When the server changes first, then nothing fits until the file follows', () => {
  let file = 'old';
  const password = new ChangingPassword(() => file);
  connect(password, 'old');
  expect(connect(password, 'new')).toEqual(['old', 'old', 'old', 'old', 'old']);
  file = 'new';
  expect(connect(password, 'new')).toEqual(['new']);
});

test('When a change is taken back, then the file is believed again', () => {
  let file = 'old';
  const password = new ChangingPassword(() => file);
  connect(password, 'old');
  file = 'new';
  connect(password, 'old');
  file = 'old';
  expect(connect(password, 'old')).toEqual(['old']);
  expect(connect(password, 'old')).toEqual(['old']);
});

test('When no password was ever taken, then it says so, and only news of a refusal counts', () => {
  const password = new ChangingPassword(() => 'wrong');
  expect(password.everAccepted).toBe(false);
  expect([password.wasRefused('wrong'), password.wasRefused('wrong')]).toEqual([true, false]);
  password.wasAccepted('right');
  expect(password.everAccepted).toBe(true);
});
