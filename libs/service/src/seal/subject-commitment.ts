import { createHash, randomBytes } from 'node:crypto';

/**
 * The form of an email address that is compared and committed to: trimmed, Unicode NFC, lower case (independent of
 * the language of the machine). Domains are not turned into punycode and dots or +tags are kept: what the person
 * types in to check a certificate must lead to the same text without knowing any provider's rules.
 */
export const normaliseAddress = (address: string): string => address.trim().normalize('NFC').toLowerCase();

/** 16 random bytes as base64url. */
export const newSalt = (): string => randomBytes(16).toString('base64url');

/**
 * base64url(SHA-256(salt bytes || UTF-8 of the normalised address)). Who has salt and address can show that a
 * certificate is about them; without the salt nobody can find the address by trying.
 */
export function commit(salt: string, address: string): string {
  const hash = createHash('sha256').update(Buffer.from(salt, 'base64url'));
  return hash.update(normaliseAddress(address), 'utf8').digest('base64url');
}
