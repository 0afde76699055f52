import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { requireNodeVersion } from './node-version.js';

const exit = new Error('exit');
let said: string;

beforeEach(() => {
  said = '';
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  jest.spyOn(process, 'exit').mockImplementation((code) => {
    said += `exit ${code}`;
    throw exit;
  });
});
afterEach(() => void jest.restoreAllMocks());

test.each(['v20.20.2', 'v23.11.0', 'v9.0.0'])('When Node is %s, then it says what is needed and ends', (version) => {
  expect(() => requireNodeVersion(version)).toThrow(exit);
  expect(said).toBe(
    `Node 24 or newer is needed (this is ${version}). npm scripts bring their own; elsewhere install it.\nexit 1`,
  );
});

test.each(['v24.0.0', 'v24.21.0', 'v100.0.0', process.version])('When Node is %s, then nothing happens', (version) => {
  requireNodeVersion(version);
  expect(said).toBe('');
});
