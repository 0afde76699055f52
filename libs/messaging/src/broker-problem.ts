import kafkajs from 'kafkajs';
import { isError } from './safe-error.js';

// CommonJS: Node finds this name only on the whole module.
const { KafkaJSSASLAuthenticationError } = kafkajs;

/** Codes of Node and OpenSSL for a certificate, of either side, that the other side does not accept. */
const CERTIFICATE = /CERT|^ERR_(TLS|SSL)_|SELF_SIGNED/;

/** What somebody must mend, in a constant sentence; undefined when the broker may simply be away. */
export function brokerProblem(error: unknown): string | undefined {
  for (let at: unknown = error; isError(at); at = at.cause) {
    if (at instanceof KafkaJSSASLAuthenticationError) return 'the broker refuses our name or password';
    if ('code' in at && CERTIFICATE.test(String(at.code))) return 'broker and service do not accept their certificates';
  }
  return undefined;
}
