import { compactVerify, decodeProtectedHeader, importJWK, type JWK, type ProtectedHeaderParameters } from 'jose';
import { CERTIFICATE_ALG, CERTIFICATE_TYP, type CertificateStatement } from '#contracts';
import { SafeMessageError } from '#messaging';
import { commit } from '#service';
import { isComplete } from '../expunge/expunge.process.js';

/** Why a certificate is not to be believed, in one sentence for its reader. */
export class InvalidCertificate extends SafeMessageError {}

/**
 * Checks a certificate: form, fixed algorithm and type, a key of the list, signature, and that what it states is a
 * complete removal. Uses the network never. Throws {@link InvalidCertificate}.
 */
export async function verifyCertificate(jws: string, keys: readonly JWK[]): Promise<CertificateStatement> {
  const header = headerOf(jws);
  if (header.alg !== CERTIFICATE_ALG)
    throw new InvalidCertificate(`The signature algorithm is not ${CERTIFICATE_ALG}.`);
  if (header.typ !== CERTIFICATE_TYP) throw new InvalidCertificate('This is not an expunge certificate (wrong typ).');
  const payload = await verified(jws, keyNamed(header.kid, keys));
  const statement = statementIn(payload);
  if (!isComplete(statement.participants.map(({ participant: name, ...evidence }) => ({ name, ...evidence })))) {
    throw new InvalidCertificate('The certificate is signed, but does not prove a complete removal.');
  }
  return statement;
}

/** Whether the certificate is about the person with this address; the salt stands in the confirmation mail. */
export const isAboutAddress = (statement: CertificateStatement, salt: string, address: string): boolean =>
  statement.subjectCommitment !== undefined && statement.subjectCommitment === commit(salt, address);

function headerOf(jws: string): ProtectedHeaderParameters {
  try {
    if (jws.split('.').length === 3) return decodeProtectedHeader(jws) as ProtectedHeaderParameters;
  } catch {
    // Falls through: said below in words for people.
  }
  throw new InvalidCertificate('This is not a certificate: a JWS in compact serialisation is expected.');
}

function keyNamed(kid: string | undefined, keys: readonly JWK[]): JWK {
  const key = keys.find((candidate) => kid !== undefined && candidate.kid === kid);
  if (key?.kty !== 'OKP' || key.crv !== 'Ed25519') {
    throw new InvalidCertificate('The certificate was signed with a key that is not in the list of keys.');
  }
  return key;
}

async function verified(jws: string, { x }: JWK): Promise<Uint8Array> {
  try {
    // Only the public half: a list with private keys (the signer's own file) serves as well.
    const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x }, CERTIFICATE_ALG);
    return (await compactVerify(jws, key, { algorithms: [CERTIFICATE_ALG] })).payload;
  } catch {
    throw new InvalidCertificate(
      'The signature does not match: the certificate was changed or signed by somebody else.',
    );
  }
}

function statementIn(payload: Uint8Array): CertificateStatement {
  try {
    const statement = JSON.parse(new TextDecoder().decode(payload)) as CertificateStatement;
    if (isStatement(statement)) return statement;
  } catch {
    // Falls through.
  }
  throw new InvalidCertificate('The certificate is signed, but does not have the expected content.');
}

function isStatement(s: CertificateStatement): boolean {
  const texts = [s.iss, s.jti, s.backups, s.verification, s.complaint];
  const { controller: c, request: r } = s;
  texts.push(c.tenantId, c.name, c.privacyContact, r.expungeId, r.contactId, r.reason, r.requestedBy);
  const times = [r.requestedAt, r.completedAt, ...s.participants.map(({ at }) => at)];
  return (
    texts.every((text) => typeof text === 'string' && text !== '') &&
    Number.isFinite(s.iat) &&
    times.every((time) => !Number.isNaN(Date.parse(time))) &&
    s.kept.every(({ what, why }) => typeof what === 'string' && typeof why === 'string') &&
    ['undefined', 'string'].includes(typeof s.subjectCommitment)
  );
}
