import { readFileSync } from 'node:fs';

/** What our services sent for one request: the same words are used for all, with other ids in them. */
export interface Sample {
  /** Payload of the certificate. */
  readonly statement: Record<string, unknown> & { readonly request: Record<string, unknown> };
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly expungeId: string;
  readonly salt: string;
  readonly subjectCommitment: string;
  readonly statusUrl: string;
}

export const sample = JSON.parse(readFileSync(process.env.SAMPLE_FILE!, 'utf8')) as Sample;
