import { createPrivateKey, type JsonWebKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Request } from './request.js';
import { sample } from './sample.js';

const { keys } = JSON.parse(readFileSync(process.env.CERTIFICATE_KEYS_FILE!, 'utf8')) as {
  keys: (JsonWebKey & { kid: string })[];
};
const key = createPrivateKey({ key: keys[0]!, format: 'jwk' });
const header = base64url(JSON.stringify({ alg: 'EdDSA', typ: 'expunge-certificate+jwt', kid: keys[0]!.kid }));

/** JWS compact serialisation with Ed25519. */
export function signCertificate(request: Request): string {
  const statement = {
    ...sample.statement,
    jti: request.certificate_id,
    iat: request.completed_at!.getTime() / 1_000,
    request: {
      expungeId: request.expunge_id,
      contactId: request.contact_id,
      reason: request.reason,
      requestedBy: request.requested_by,
      requestedAt: request.requested_at.toISOString(),
      completedAt: request.completed_at!.toISOString(),
    },
    subjectCommitment: request.subject_commitment,
    participants: request.participants.map(({ name: participant, ...evidence }) => ({ participant, ...evidence })),
  };
  const input = `${header}.${base64url(JSON.stringify(statement))}`;
  return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`;
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
