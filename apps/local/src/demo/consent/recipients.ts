import type { AddressInfo } from 'node:net';
import { createTransport } from 'nodemailer';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { type Confirmation, confirmationIn } from './confirmation.js';
import { type Behaviour, behaviourAt } from './people.js';

/** A mail that asks: where its link leads, and where a report about it goes. */
export interface Question {
  readonly address: string;
  readonly link: string;
  readonly returnPath: string;
}

/** The mail server of everybody in the demo. It counts, and does for each person what that person does. */
export interface Recipients {
  readonly smtpUrl: string;
  /** Addresses that were asked. */
  readonly asked: ReadonlySet<string>;
  /** The confirmations of their removal that people got, by address. */
  readonly confirmed: ReadonlyMap<string, Confirmation>;
  stop(): Promise<void>;
}

/** `act` is told of each question when it has been accepted, once per person. */
export async function startRecipients(act: (question: Question, behaviour: Behaviour) => void): Promise<Recipients> {
  const [asked, confirmed] = [new Set<string>(), new Map<string, Confirmation>()];
  const receive = async (raw: Buffer, session: SMTPServerSession): Promise<void> => {
    const address = session.envelope.rcptTo[0]?.address ?? '';
    const confirmation = await confirmationIn(raw);
    if (confirmation) confirmed.set(address, confirmation);
    const link = /^List-Unsubscribe:\s*<([^>]+)>/im.exec(raw.toString('utf8').replaceAll(/\r\n[ \t]+/g, ' '))?.[1];
    const behaviour = behaviourAt(address);
    if (link === undefined || behaviour === undefined || asked.has(address)) return;
    asked.add(address);
    const { mailFrom } = session.envelope;
    act({ address, link, returnPath: mailFrom ? mailFrom.address : '' }, behaviour);
  };
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    logger: false,
    onData(stream, session, done) {
      const pieces: Buffer[] = [];
      // The envelope is emptied with the answer.
      const kept = { ...session, envelope: { ...session.envelope } };
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => {
        done();
        void receive(Buffer.concat(pieces), kept);
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  const stop = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  return { smtpUrl: `smtp://127.0.0.1:${port}`, asked, confirmed, stop };
}

/** Says to the sender that the mailbox does not exist, as a mail server does some time after it accepted (RFC 3464). */
export async function reportUndeliverable({ address, returnPath }: Question, bouncePort: number): Promise<void> {
  const transport = createTransport({ host: '127.0.0.1', port: bouncePort, ignoreTLS: true });
  const boundary = 'report-of-the-mail-server';
  await transport.sendMail({ envelope: { from: '', to: [returnPath] }, raw: reportOf(address, returnPath, boundary) });
  transport.close();
}

function reportOf(address: string, returnPath: string, boundary: string): string {
  const lines = [
    'From: Mail Delivery System <mailer-daemon@example.net>',
    `To: ${returnPath}`,
    'Subject: Undelivered Mail Returned to Sender',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain',
    '',
    'The mailbox does not exist.',
    '',
    `--${boundary}`,
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; mx.example.net',
    '',
    `Final-Recipient: rfc822; ${address}`,
    'Action: failed',
    'Status: 5.1.1',
    'Diagnostic-Code: smtp; 550 5.1.1 no such user',
    '',
    `--${boundary}--`,
    '',
  ];
  return lines.join('\r\n');
}
