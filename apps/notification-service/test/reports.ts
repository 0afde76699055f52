/** Reports as different servers write them. */

const part = (type: string, body: string, more = ''): string => `--=_b\nContent-Type: ${type}\n${more}\n${body}\n`;

const multipart = (kind: string, parts: readonly string[], head = ''): string =>
  `From: MAILER-DAEMON@mx.example (Mail Delivery System)\nSubject: Undelivered Mail Returned to Sender\n${head}` +
  `MIME-Version: 1.0\nContent-Type: multipart/report; report-type=${kind};\n\tboundary="=_b"\n\n` +
  `This is a MIME-encapsulated message.\n\n${parts.join('')}--=_b--\n`;

const ORIGINAL = part('message/rfc822', 'From: noreply@mail.expunge.example\nSubject: May we?\n\nSecret words');

/** Postfix: groups of fields, folded diagnostics, the original mail attached. */
export const postfix = (recipients: readonly { action: string; status: string }[]): string => {
  const groups = recipients.map(
    ({ action, status }, n) =>
      `Final-Recipient: rfc822; jo${n}@example.com\nOriginal-Recipient: rfc822;jo${n}@example.com\nAction: ${action}\n` +
      `Status: ${status}\nRemote-MTA: dns; mx.example.com\nDiagnostic-Code: smtp; 550 ${status} <jo${n}@example.com>:\n` +
      '    Recipient address rejected: User unknown in virtual mailbox table\n',
  );
  const status = `Reporting-MTA: dns; mx.example\nX-Postfix-Queue-ID: 4XyZ\nX-Postfix-Sender: rfc822; bounce@mail.expunge.example\nArrival-Date: Tue, 3 Mar 2026 10:00:00 +0000 (UTC)\n\n${groups.join('\n')}`;
  const words = 'I am sorry to have to inform you that your message could not be delivered to <jo0@example.com>.';
  const head = 'Auto-Submitted: auto-replied\n';
  return multipart(
    'delivery-status',
    [part('text/plain', words), part('message/delivery-status', status), ORIGINAL],
    head,
  );
};

export const failed = (status = '5.1.1'): string => postfix([{ action: 'failed', status }]);

/** Exchange: status in base64, its fields in other letters and order, a comment behind the status. */
export const exchange = (status: string): string => {
  const fields = `reporting-MTA: dns;EXCH01.corp.example\r\n\r\nFinal-recipient: RFC822;jo@example.com\r\nSTATUS: ${status} (bad destination)\r\nAction: Failed\r\nDiagnostic-code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound\r\nX-Display-Name: Jo Example\r\n`;
  const body = Buffer.from(fields).toString('base64');
  const status64 = part('message/delivery-status', body, 'Content-Transfer-Encoding: base64\n');
  return multipart('delivery-status', [
    part('text/html; charset=utf-8', '<p>Your message was not delivered</p>'),
    status64,
  ]);
};

/** qmail and others: words only. */
export const PLAIN =
  'From: MAILER-DAEMON@old.example\nSubject: failure notice\n\nHi. This is the qmail-send program.\n<jo@example.com>:\nNo mailbox here by that name. (#5.1.1)\n';

/** Somebody is on holiday, as sieve, Gmail (auto-replied) or Exchange (auto-generated) say it. */
export const outOfOffice = (kind = 'auto-replied', more = 'From: Jo Example <jo@example.com>\n'): string =>
  `${more}Subject: Out of office\nAuto-Submitted: ${kind}\nIn-Reply-To: <1@mail.expunge.example>\n\nI am back on Monday.\n`;

/** Exim before it could write reports: words, and marked as an answer by a machine. */
export const EXIM = outOfOffice('auto-replied', 'From: Mail Delivery System <Mailer-Daemon@mx.example>\n');
export const EXIM_RENAMED = outOfOffice(
  'auto-replied',
  'From: Post <post@mx.example>\nX-Failed-Recipients: jo@example.com\n',
);

export const complaint = (type: string): string =>
  multipart('feedback-report', [
    part('text/plain', 'This is an email abuse report.'),
    part('message/feedback-report', `Feedback-Type: ${type}\nUser-Agent: SomeGenerator/1.0\nVersion: 1\n`),
    ORIGINAL,
  ]);

export const READ_RECEIPT = multipart('disposition-notification', [
  part('text/plain', 'The message was displayed.'),
  part('message/disposition-notification', 'Disposition: manual-action/MDN-sent-manually; displayed\n'),
]);

/** Somebody passes a report on: the failure is another mail's. */
export const PASSED_ON = `Subject: Fwd\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="x"\n\n--x\nContent-Type: message/rfc822\n\n${failed()}\n--x--\n`;
