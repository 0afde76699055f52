import { CompactEncrypt, decodeProtectedHeader } from 'jose';
import { SafeMessageError } from '#messaging';
import type { KeyringFile } from './keyring-file.js';
import { openJwe } from './open-jwe.js';

const ALG = 'dir';
const ENC = 'A256GCM';

/** What a seal is for. The opener compares each value the seal names with the message it came in. */
export interface SealBinding {
  readonly tenantId: string;
  readonly contactId: string;
  readonly purpose: string;
  readonly expungeId?: string;
  readonly emailId?: string;
}

/** A mail recipient and the facts the mail shows to that person only. */
export interface SealedRecipient extends SealBinding {
  readonly address: string;
  readonly name?: string;
  /** BCP 47, for example `en` or `pt-BR`. */
  readonly language: string;
  /** Of the subject commitment. */
  readonly salt?: string;
  readonly statusUrl?: string;
  /** Where this person alone can do what the mail is about. */
  readonly linkUrl?: string;
}

/** The seal is genuine but belongs to another tenant, contact, purpose, request or mail. */
export class SealMismatch extends SafeMessageError {
  constructor(readonly field: string) {
    super(`The sealed recipient is bound to another ${field}.`);
  }
}

/** The key is unknown (destroyed, or not yet here) or the content is damaged or forged. */
export class SealUnreadable extends SafeMessageError {
  constructor(readonly reason: 'unknown-key' | 'damaged') {
    super(
      reason === 'unknown-key' ? 'The seal was made with a key that is not in the keyring.' : 'The seal is damaged.',
    );
  }
}

const ALWAYS_BOUND = ['tenantId', 'contactId', 'purpose'] as const;
const BOUND_WHEN_NAMED = ['expungeId', 'emailId'] as const;

/**
 * JWE in compact serialisation (RFC 7516), `dir` with A256GCM under the current key, its kid in the header.
 * Nonces are random, so a key should be replaced long before 2^32 seals (NIST SP 800-38D, 8.3).
 */
export async function seal(keyring: KeyringFile, content: SealedRecipient): Promise<string> {
  const { kid, key } = await keyring.current();
  const plain = new TextEncoder().encode(JSON.stringify(content));
  return new CompactEncrypt(plain).setProtectedHeader({ alg: ALG, enc: ENC, kid }).encrypt(key);
}

/**
 * Opens a seal for one message. Tenant, contact and purpose must be equal, and so must the request and the mail when
 * the seal names them; it must name at least one of the two. So a confirmation can never go to another person.
 * Throws {@link SealUnreadable} or {@link SealMismatch}.
 */
export async function openSeal(keyring: KeyringFile, jwe: string, binding: SealBinding): Promise<SealedRecipient> {
  const key = await keyOf(keyring, jwe);
  const content = parse(decrypt(jwe, key));
  for (const field of ALWAYS_BOUND) {
    if (content[field] !== binding[field]) throw new SealMismatch(field);
  }
  const named = BOUND_WHEN_NAMED.filter((field) => content[field] !== undefined);
  if (named.length === 0) throw new SealMismatch('expungeId');
  for (const field of named) {
    if (content[field] !== binding[field]) throw new SealMismatch(field);
  }
  return content;
}

async function keyOf(keyring: KeyringFile, jwe: string): Promise<Uint8Array> {
  const known = await keyring.find(kidOf(jwe));
  if (!known) throw new SealUnreadable('unknown-key');
  return known.key;
}

function kidOf(jwe: string): string {
  try {
    return decodeProtectedHeader(jwe).kid ?? '';
  } catch {
    throw new SealUnreadable('damaged');
  }
}

function decrypt(jwe: string, key: Uint8Array): string {
  try {
    return openJwe(jwe, key);
  } catch {
    // No cause: what could not be opened must not be described by somebody else's words.
    throw new SealUnreadable('damaged');
  }
}

function parse(text: string): SealedRecipient {
  try {
    const content = JSON.parse(text) as Partial<SealedRecipient> | null;
    if (typeof content?.address === 'string' && typeof content.language === 'string') return content as SealedRecipient;
  } catch {
    // Falls through: the parser's message would quote the address.
  }
  throw new SealUnreadable('damaged');
}
