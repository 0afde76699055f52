import { type Attachment, simpleParser } from 'mailparser';
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
  const parts = await simpleParser(raw, LIMITS).then(
    ({ attachments }) => attachments,
    () => [],
  );
  return {
    deliveryStatus: textOf(parts, DELIVERY_STATUS),
    feedback: textOf(parts, FEEDBACK),
    readReceipt: textOf(parts, READ_RECEIPT) !== undefined,
  };
}

const textOf = (parts: readonly Attachment[], types: ReadonlySet<string>): string | undefined =>
  parts.find(({ contentType }) => types.has(contentType.toLowerCase()))?.content.toString('utf8');
