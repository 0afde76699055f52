import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { SafeMessageError } from '#messaging';

/** Mails could not be signed. */
export class UnusableDkimKey extends SafeMessageError {}

const SMALLEST_BITS = 2_048;

/**
 * Reads a key (PEM, PKCS#8) once and proves that it can sign. The mail library sends unsigned mails, without an error,
 * when it cannot use its key; so no mail may be given to it with another key. Throws {@link UnusableDkimKey}.
 */
export function readDkimKey(pem: string): KeyObject {
  const key = parse(pem);
  if (key.asymmetricKeyType !== 'rsa') throw new UnusableDkimKey('A DKIM key is not RSA.');
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < SMALLEST_BITS) {
    throw new UnusableDkimKey(`A DKIM key is an RSA key of less than ${SMALLEST_BITS} bits.`);
  }
  const probe = Buffer.from('probe');
  if (!verify('sha256', probe, createPublicKey(key), sign('sha256', probe, key))) {
    throw new UnusableDkimKey('A DKIM key makes signatures that do not verify.');
  }
  return key;
}

function parse(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // Not the parser's words: they may quote the key.
    throw new UnusableDkimKey('A DKIM key is not a private key in PEM form.');
  }
}
