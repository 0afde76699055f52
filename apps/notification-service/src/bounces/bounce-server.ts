import { readFileSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';
import { safeError } from '#messaging';
import type { NotificationConfig } from '../config.js';

/** Why something is not taken, as the reply code and our own words: never those of a mail. */
export class SmtpRefusal extends Error {
  constructor(
    readonly responseCode: number,
    message: string,
  ) {
    super(message);
  }
}

/** What happens to what the server is given. */
export interface BounceDesk {
  /** The id of the mail a return path belongs to; throws {@link SmtpRefusal}. */
  mailOf(address: string): Promise<string>;
  /** Resolves when the report is dealt with for good: only then is it acknowledged. */
  take(emailId: string, raw: Buffer): Promise<void>;
}

const LARGEST_REPORT = 1_048_576;
const MOST_CONNECTIONS = 50;
const SILENCE_MS = 60_000;
/** Transactions of one caller, and recipients: a relay of ours that brings all stays below it, and otherwise comes again. */
const PER_SECOND = { points: 200, duration: 1 };

const logger = new Logger('bounces');

/**
 * An SMTP server that takes reports (RFC 5321; without AUTH), one recipient at a time because the id of the mail is in the
 * address: a second one is asked to come in a transaction of its own. Sizes, connections and rates are limited.
 */
export function makeBounceServer(config: NotificationConfig, desk: BounceDesk): SMTPServer {
  const [transactions, recipients] = [new RateLimiterMemory(PER_SECOND), new RateLimiterMemory(PER_SECOND)];
  const server = new SMTPServer({
    name: config.MAIL_DOMAIN,
    banner: 'reports about mails only',
    size: LARGEST_REPORT,
    maxClients: MOST_CONNECTIONS,
    socketTimeout: SILENCE_MS,
    closeTimeout: 1_000,
    disableReverseLookup: true,
    authOptional: true,
    ...startTls(config),
    onMailFrom: (_address, session, done) => {
      void answer(admit(transactions, session), done);
    },
    onRcptTo: ({ address }, session, done) => {
      const second = session.envelope.rcptTo.length > 0;
      // Counted on their own: a transaction may name any number of wrong ones, and each may cost a look into the database.
      const mail = admit(recipients, session).then(() => {
        if (second) throw new SmtpRefusal(452, 'One recipient at a time.');
        return desk.mailOf(address);
      });
      void answer(mail, done);
    },
    onData: (stream, session, done) => {
      const [recipient] = session.envelope.rcptTo;
      void answer(receive(stream, desk, recipient!.address), done);
    },
  });
  // What breaks on a connection is the caller's affair; he comes again.
  server.on('error', (error: unknown) => logger.debug({ msg: 'a connection broke', error: safeError(error) }));
  return server;
}

async function admit(limiter: RateLimiterMemory, { remoteAddress }: SMTPServerSession): Promise<void> {
  await limiter.consume(remoteAddress).catch(() => {
    throw new SmtpRefusal(451, 'Too many, try again later.');
  });
}

/** Certificate and key as their files say now. */
export function certificateOf({
  BOUNCE_SMTP_TLS_CERT_FILE: cert,
  BOUNCE_SMTP_TLS_KEY_FILE: key,
}: NotificationConfig): { cert: string; key: string } | undefined {
  if (cert === undefined || key === undefined) return undefined;
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}

function startTls(config: NotificationConfig): SMTPServerOptions {
  const certificate = certificateOf(config);
  // Without a certificate of ours the library would show one of its own that everybody knows the key of.
  return certificate ? { ...certificate, disabledCommands: ['AUTH'] } : { disabledCommands: ['AUTH', 'STARTTLS'] };
}

async function receive(stream: SMTPServerDataStream, desk: BounceDesk, address: string): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of stream as AsyncIterable<Buffer>) if (!stream.sizeExceeded) pieces.push(piece);
  if (stream.sizeExceeded) throw new SmtpRefusal(552, 'Larger than a report may be.');
  await desk.take(await desk.mailOf(address), Buffer.concat(pieces));
}

/** Whatever goes wrong on our side is temporary for the caller: he keeps the report and brings it again. */
async function answer(work: Promise<unknown>, done: (error?: Error | null) => void): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (error instanceof SmtpRefusal) return done(error);
    logger.error({ msg: 'a report could not be taken', error: safeError(error) });
    return done(new SmtpRefusal(451, 'Not now, try again later.'));
  }
  done();
}
