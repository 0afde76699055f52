import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SafeMessageError } from '#messaging';

/** Mails could not be signed. */
export class UnusableDkimKey extends SafeMessageError {}

const SMALLEST_BITS = 2_048;

/**
 * Reads the key once and proves that it can sign. The mail library sends unsigned mails, without an error, when it
 * cannot use its key; so a service with such a key must not start. Throws {@link UnusableDkimKey}.
 */
export function readDkimKey(path: string): KeyObject {
  const key = parse(path);
  if (key.asymmetricKeyType !== 'rsa') throw new UnusableDkimKey('DKIM_KEY_FILE holds a key that is not RSA.');
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < SMALLEST_BITS) {
    throw new UnusableDkimKey(`DKIM_KEY_FILE holds an RSA key of less than ${SMALLEST_BITS} bits.`);
  }
  const probe = Buffer.from('probe');
  if (!verify('sha256', probe, createPublicKey(key), sign('sha256', probe, key))) {
    throw new UnusableDkimKey('DKIM_KEY_FILE holds a key whose signatures do not verify.');
  }
  return key;
}

function parse(path: string): KeyObject {
  try {
    return createPrivateKey(readFileSync(path));
  } catch {
    // Neither the path nor the parser's words: one belongs to the machine, the other may quote the key.
    throw new UnusableDkimKey('DKIM_KEY_FILE is not a private key in PEM form.');
  }
}
