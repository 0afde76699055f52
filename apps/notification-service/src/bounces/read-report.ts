import type { Attachment, ParsedMail } from 'mailparser';
import type { Report } from './judge-report.decision.js';

const DELIVERY_STATUS = new Set(['message/delivery-status', 'message/global-delivery-status']);
const FEEDBACK = new Set(['message/feedback-report']);
const READ_RECEIPT = new Set(['message/disposition-notification', 'message/global-disposition-notification']);

/** Only the parts are looked for; words are not worked on, and what is nested or split without end is not followed. */
const LIMITS = {
  keepDeliveryStatus: true,
  skipHtmlToText: true,
  skipTextToHtml: true,
  skipTextLinks: true,
  skipImageLinks: true,
  maxChildNodes: 100,
} as const;

/**
 * Finds the machine-readable part of a report. Mails attached to it (the original one) are not looked into. A mail that
 * cannot be taken apart is a report of which nothing is known.
 */
export async function readReport(raw: Buffer): Promise<Report> {
  // Loaded with the first report: it is 6 MiB of memory, and most processes never see one.
  const { simpleParser } = await import('mailparser');
  const mail = await simpleParser(raw, LIMITS).catch(() => undefined);
  const parts = mail?.attachments ?? [];
  return {
    deliveryStatus: textOf(parts, DELIVERY_STATUS),
    feedback: textOf(parts, FEEDBACK),
    readReceipt: textOf(parts, READ_RECEIPT) !== undefined,
    automaticAnswer: mail !== undefined && isAutomaticAnswer(mail),
  };
}

/** Mail servers whose bounces are words only mark them as automatic too: theirs must not pass for somebody's holiday. */
const MAIL_SERVER = /^(mailer-daemon|postmaster)@|^$/i;

function isAutomaticAnswer(mail: ParsedMail): boolean {
  const kind = mail.headers.get('auto-submitted');
  const isAutomatic = typeof kind === 'string' && /^auto-(replied|generated)\b/i.test(kind);
  const isAnswer = mail.inReplyTo !== undefined || mail.references !== undefined;
  return isAutomatic && isAnswer && !isByMailServer(mail);
}

function isByMailServer({ headers, from }: ParsedMail): boolean {
  const { value: type } = (headers.get('content-type') ?? {}) as { value?: string };
  const sender = from?.value[0]?.address ?? '';
  return MAIL_SERVER.test(sender) || headers.has('x-failed-recipients') || type === 'multipart/report';
}

const textOf = (parts: readonly Attachment[], types: ReadonlySet<string>): string | undefined =>
  parts.find(({ contentType }) => types.has(contentType.toLowerCase()))?.content.toString('utf8');
