import { createDecipheriv } from 'node:crypto';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * The content of a JWE in compact serialisation (RFC 7516, 7.1) that was made with `dir` and A256GCM (RFC 7518, 4.5 and 5.3),
 * and nothing else. Throws on whatever is damaged, forged or made in another way. Each mail is opened twice, and node:crypto
 * takes a sixth of the time that jose takes with WebCrypto.
 */
export function openJwe(jwe: string, key: Uint8Array): string {
  const [header = '', encryptedKey, ...rest] = jwe.split('.');
  const [iv, text, tag] = rest.map((part) => Buffer.from(part, 'base64url'));
  if (encryptedKey !== '' || rest.length !== 3 || !iv || !text || !tag) throw new TypeError('not five parts');
  assertOurs(header);
  // A shorter tag would be accepted and easier to forge.
  if (iv.length !== IV_BYTES || tag.length !== TAG_BYTES) throw new TypeError('other lengths');
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(header));
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(text), decipher.final()]).toString();
}

/** What a header must say is understood or refused: `crit` names what else there is, `zip` would mean compressed content. */
function assertOurs(header: string): void {
  const said = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, unknown>;
  if (said.alg !== 'dir' || said.enc !== 'A256GCM') throw new TypeError('another method');
  if ('crit' in said || 'zip' in said) throw new TypeError('an extension');
}
