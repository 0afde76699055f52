import { compactVerify, createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import { simpleParser } from 'mailparser';
import { CERTIFICATE_ALG, CERTIFICATE_TYP, type CertificateStatement } from '#contracts';
import { commit } from '#service';

/** What a person gets in the mail that says all is removed. */
export interface Confirmation {
  readonly certificate: string;
  /** Shows, with the address, whom the certificate is about. */
  readonly salt: string;
}

/** The certificate in a mail, if it has one. */
export async function confirmationIn(raw: Buffer): Promise<Confirmation | undefined> {
  if (!/filename="?certificate\.jws/.test(raw.toString('latin1'))) return undefined;
  const { attachments, text } = await simpleParser(raw, { skipTextToHtml: true, skipTextLinks: true });
  const certificate = attachments.find(({ filename }) => filename === 'certificate.jws')?.content.toString('ascii');
  const salt = /salt: ([\w-]{22})/i.exec(text ?? '')?.[1];
  return certificate === undefined || salt === undefined ? undefined : { certificate, salt };
}

/** The public keys as anybody can fetch them. */
export const publishedKeys = (privacyService: string): JWTVerifyGetKey =>
  createRemoteJWKSet(new URL(`${privacyService}/.well-known/jwks.json`));

/**
 * Whether a certificate is signed, says of this contact that every service has nothing left, and is about this address. With
 * nothing but a JOSE library, as any other system would.
 */
export async function proves(
  { certificate, salt }: Confirmation,
  { contactId, address }: { readonly contactId: string; readonly address: string },
  keys: JWTVerifyGetKey,
): Promise<boolean> {
  const signed = await compactVerify(certificate, keys, { algorithms: [CERTIFICATE_ALG] }).catch(() => undefined);
  if (signed?.protectedHeader.typ !== CERTIFICATE_TYP) return false;
  const statement = JSON.parse(new TextDecoder().decode(signed.payload)) as CertificateStatement;
  const stores = statement.participants.flatMap((participant) => participant.stores);
  return (
    statement.request.contactId === contactId &&
    statement.request.reason === 'no-opt-in' &&
    statement.subjectCommitment === commit(salt, address) &&
    stores.length > 0 &&
    stores.every(({ remaining }) => remaining === 0)
  );
}
