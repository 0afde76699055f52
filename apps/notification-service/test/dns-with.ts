import { createPublicKey } from 'node:crypto';
import type { DkimEntry } from './make.js';

/** What a resolver finds for the public halves of these keys; nothing for others. */
export function dnsWith(entries: readonly DkimEntry[]): (name: string) => Promise<string[][]> {
  const records = new Map(
    entries.map(({ domain, selector, privateKey }) => {
      const key = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64');
      return [`${selector}._domainkey.${domain}`, [[`v=DKIM1; k=rsa; p=${key}`]]];
    }),
  );
  return (name) => {
    const found = records.get(name);
    return found
      ? Promise.resolve(found)
      : Promise.reject(Object.assign(new Error('no record'), { code: 'ENOTFOUND' }));
  };
}
