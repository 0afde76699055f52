import { domainToASCII } from 'node:url';
import { isUUID } from 'class-validator';

/** Where the reports about a mail come back to: its id is in the address. */
export const bounceAddress = (emailId: string, domain: string): string => `bounce+${emailId}@${domain}`;

/** The mail a return path belongs to, and its domain in ASCII; undefined for any other address. */
export function parseBounceAddress(address: string): { emailId: string; domain: string } | undefined {
  const [, emailId, domain] = /^bounce\+([0-9a-f-]{36})@([^@\s]+)$/i.exec(address) ?? [];
  if (!isUUID(emailId)) return undefined;
  return { emailId: String(emailId).toLowerCase(), domain: domainToASCII(domain!) };
}
