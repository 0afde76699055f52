import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { at, type Finding, type Patient } from './finding.js';

const SOON_MS = 14 * 24 * 60 * 60 * 1000;

interface Certificate {
  readonly variable: string;
  /** Undefined: the file cannot be read, or holds none. */
  readonly validTo?: Date;
}

/** The certificates this service shows or trusts are valid for a while. */
export async function checkCertificates({ certificates }: Patient): Promise<Finding[]> {
  const read = Object.entries(certificates).map(([variable, file]) => readCertificate(variable, file));
  return Promise.resolve(judgeCertificates(read, new Date()));
}

export function judgeCertificates(certificates: readonly Certificate[], now: Date): Finding[] {
  return certificates.flatMap(({ variable, validTo }): Finding[] => {
    const check = 'certificates';
    if (validTo === undefined) {
      return [{ check, culprit: `the file of ${variable} holds no certificate`, todo: 'put a PEM file there' }];
    }
    const left = validTo.getTime() - now.getTime();
    if (left > SOON_MS) return [];
    const ends = left <= 0 ? 'has expired on' : 'expires on';
    const todo = 'renew it and replace the file; it is read again by itself';
    return [{ check, culprit: `the certificate of ${variable} ${ends} ${at(validTo)}`, todo }];
  });
}

function readCertificate(variable: string, file: string): Certificate {
  try {
    return { variable, validTo: new X509Certificate(readFileSync(file)).validToDate };
  } catch {
    return { variable };
  }
}
