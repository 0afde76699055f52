import { isIPv6 } from 'node:net';

/**
 * What callers are told apart by: the IPv4 address, or the first 64 bits of the IPv6 address, because whoever has one of
 * those has 2^64 of them. All whose address is not known count as one.
 */
export function clientKey(address = ''): string {
  const v4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (v4 !== undefined) return v4;
  const withoutZone = address.split('%')[0] ?? '';
  return isIPv6(withoutZone) ? networkOf(withoutZone) : 'unknown';
}

function networkOf(address: string): string {
  // The standard's own parser brings every way of writing an address to one.
  const [before = '', after] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = before === '' ? [] : before.split(':');
  const missing = after === undefined ? 0 : 8 - groups.length - (after === '' ? 0 : after.split(':').length);
  const rest = after ? after.split(':') : [];
  return [...groups, ...Array.from({ length: missing }, () => '0'), ...rest].slice(0, 4).join(':');
}
