import { decodeJwt, decodeProtectedHeader } from 'jose';
import { CERTIFICATE_TYP, type CertificateStatement } from '#contracts';
import { SafeMessageError } from '#messaging';

/** The certificate is missing, unreadable, or about another tenant, contact or request. */
export class UnusableCertificate extends SafeMessageError {}

interface CertifiedMail {
  readonly tenantId: string;
  readonly contactId: string;
  readonly expungeId?: string;
  readonly attachments: readonly AttachedFile[];
}

interface AttachedFile {
  readonly filename: string;
  readonly content: string;
}

/** The attached certificate: the name of its file, and what it states. */
export interface AttachedCertificate {
  readonly file: string;
  readonly statement: CertificateStatement;
}

/**
 * What the attached certificate states, for the words of the mail. Decoded only: the person verifies the signature, and
 * privacy-service vouches for it here. Throws {@link UnusableCertificate} unless it is about this mail's request.
 */
export function readCertificate({ attachments, ...mail }: CertifiedMail): AttachedCertificate {
  const attached = attachments.find(({ content }) => isCertificate(content.trim()));
  if (!attached) throw new UnusableCertificate('The mail has no certificate attached.');
  const statement = decode(attached.content.trim());
  const { controller, request } = statement;
  if (controller?.tenantId !== mail.tenantId) throw new UnusableCertificate('The certificate names another tenant.');
  if (request?.contactId !== mail.contactId) throw new UnusableCertificate('The certificate names another contact.');
  if (request.expungeId !== mail.expungeId) throw new UnusableCertificate('The certificate names another request.');
  return { file: attached.filename, statement };
}

function isCertificate(content: string): boolean {
  try {
    return decodeProtectedHeader(content).typ === CERTIFICATE_TYP;
  } catch {
    return false;
  }
}

function decode(jws: string): CertificateStatement {
  try {
    return decodeJwt<CertificateStatement & Record<string, unknown>>(jws);
  } catch {
    throw new UnusableCertificate('The certificate cannot be decoded.');
  }
}
