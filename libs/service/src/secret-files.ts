import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import { Logger } from '@nestjs/common';
import { safeError } from '#messaging';

const logger = new Logger('SecretFiles');

/**
 * Reads a secret from its file, anew at each call; the line end behind it does not count. A file that is away or empty
 * (while it is being replaced) gives what it said before. The first read is made here: it throws when there is nothing.
 */
export function secretFile(path: string): () => string {
  let known = readSecret(path);
  return () => {
    try {
      known = readSecret(path);
    } catch (error) {
      logger.warn({ msg: 'a secret file cannot be read; what is known stays in use', error: safeError(error) });
    }
    return known;
  };
}

/** Throws when the file cannot be read or says nothing. */
export function readSecret(path: string): string {
  const secret = readFileSync(path, 'utf8').replace(/[\r\n]+$/, '');
  if (secret === '') throw new Error('The file is empty.');
  return secret;
}

/** PEM files: whom we trust, and who we are when the server wants to know. */
export interface TlsFiles {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

/** What `tls.connect` is given; its context is made from the files as they are at that moment. */
export interface TlsSettings {
  readonly secureContext: SecureContext;
}

/**
 * TLS settings that follow their files: each new connection uses what they say then. The server's certificate and name
 * are verified. Files that do not fit together (half of a rotation) leave the context known so far. Throws when they do
 * not fit at the first read, which is made here.
 */
export function tlsFromFiles(files: TlsFiles): TlsSettings {
  let said = readAll(files);
  let context = contextOf(said);
  let failed = '';
  return {
    get secureContext(): SecureContext {
      try {
        const now = readAll(files);
        if (now.join() === said.join() || now.join() === failed) return context;
        failed = now.join();
        context = contextOf(now);
        said = now;
        failed = '';
      } catch (error) {
        logger.error({ msg: 'changed TLS files cannot be used; what is known stays in use', error: safeError(error) });
      }
      return context;
    },
  };
}

type Pem = string | undefined;

function readAll({ ca, cert, key }: TlsFiles): Pem[] {
  return [ca, cert, key].map((path) => (path === undefined ? undefined : readFileSync(path, 'utf8')));
}

/** Node takes a `ca` without any certificate in silence and then trusts nobody; and a key that does not fit is refused. */
function contextOf([ca, cert, key]: Pem[]): SecureContext {
  new X509Certificate(ca ?? '');
  return createSecureContext({ ca, cert, key });
}
