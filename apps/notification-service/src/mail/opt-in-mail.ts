import { type EmailPurpose, OPT_IN_MAILS, type OptInMail } from '#contracts';

/** As a condition on `mail`, word for word that of its indexes. */
export const IS_OPT_IN = `mail.purpose IN ('opt-in', 'opt-in-reminder')`;

/** Whether a mail asks to opt in: those count against the send budget, and go out after the others. */
export const isOptInMail = (purpose: EmailPurpose): purpose is OptInMail =>
  (OPT_IN_MAILS as readonly EmailPurpose[]).includes(purpose);
