import { expect, test } from '@jest/globals';
import { clientKey } from './client-key.js';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0DB8:0001:0002::1', '2001:db8:1:2'],
  ['2001:db8::7', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['::', '0:0:0:0'],
  ['2001:db8:1::', '2001:db8:1:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['64:ff9b::192.0.2.7', '64:ff9b:0:0'],
  [undefined, 'unknown'],
  ['', 'unknown'],
  ['not an address', 'unknown'],
])('When the address is %s, then the caller counts as %s', (address, key) => {
  expect(clientKey(address)).toBe(key);
});
