import type { Mail, Person } from './silence-rule.js';

/** What the person's side of the model learns of a mail's fate; of two words about the same the first counts. */
export function hearMail(
  person: Person,
  type: string,
  { emailId, kind, permanent }: Record<string, unknown>,
  { at, now }: { readonly at: number; readonly now: number },
): void {
  const mail = person.mails.get(String(emailId));
  if (!mail) return;
  // The clock that tells of the acceptance may be wrong: it was neither before the mail was written nor is it to come.
  if (type === 'EmailAccepted') mail.acceptedAt ??= Math.max(mail.askedAt, Math.min(at, now));
  if (type === 'EmailRejected' && permanent === true) mail.cameBack = 'refused';
  if (type === 'EmailBounced') hearBounce(mail, kind);
}

/** Whoever complains is written to no more; of a mail that came back twice the worse counts. */
function hearBounce(mail: Mail, kind: unknown): void {
  if (kind === 'complaint') mail.complained = true;
  if (kind === 'hard') mail.cameBack = 'hard';
  if (kind === 'soft') mail.cameBack ??= 'soft';
}
