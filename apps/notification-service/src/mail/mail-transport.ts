import { Transform, type TransformCallback } from 'node:stream';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { createTransport } from 'nodemailer';
import { safeError } from '#messaging';
import { NotificationConfig } from '../config.js';
import { type Attempt, type NodemailerError, understandFailure } from './attempt.js';
import type { ComposedMail } from './compose-mail.js';
import { makePool } from './smtp-pool.js';

/** Every header that says something; the two of RFC 8058 are not in the library's own list. */
const SIGNED_HEADERS = [
  'From:Reply-To:Subject:Date:Message-ID:To:MIME-Version:Content-Type:Content-Transfer-Encoding',
  'Auto-Submitted:List-Id:List-Unsubscribe:List-Unsubscribe-Post',
].join(':');

/**
 * Hands mails to the receiving server over a few kept connections, each mail signed (DKIM, RFC 6376) with the key it
 * brings along. One attempt ends within `attemptMs`, whatever the server does.
 */
@Injectable()
export class MailTransport implements OnApplicationShutdown {
  /** Longest time of one attempt: connecting, greeting and every answer each have their own limit within it. */
  readonly attemptMs: number;
  private readonly logger = new Logger('mail');
  private readonly mailer;

  constructor(config: NotificationConfig) {
    this.attemptMs = 2_000 * config.SMTP_TIMEOUT_SECONDS;
    // Settings of a transport that is given a pool are not asked whether files and addresses may be read; defaults are.
    this.mailer = createTransport(makePool(config), { disableFileAccess: true, disableUrlAccess: true });
    this.mailer.use('stream', (mail, done) => {
      mail.message.transform(() => new InOnePiece());
      done();
    });
  }

  /** One attempt. Never rejects. */
  async send({ signedWith: { domain, selector, privateKey }, ...mail }: ComposedMail): Promise<Attempt> {
    const dkim = { domainName: domain, keySelector: selector, privateKey, headerFieldNames: SIGNED_HEADERS };
    // Not AbortSignal.timeout: its timers would outlive the mails they were made for.
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), this.attemptMs);
    try {
      await this.mailer.sendMail({ ...mail, dkim, signal: limit.signal });
      return { kind: 'accepted' };
    } catch (error) {
      const attempt = understandFailure(error as NodemailerError);
      if (attempt.kind === 'put-off' && attempt.code === 'not-sent') {
        this.logger.error({ msg: 'a mail could not be handed to the transport', error: safeError(error) });
      }
      return attempt;
    } finally {
      clearTimeout(timer);
    }
  }

  onApplicationShutdown(): void {
    this.mailer.close();
  }
}

/** The library writes a message line by line and part by part; small as ours are, they go out faster as a whole. */
class InOnePiece extends Transform {
  private readonly pieces: Buffer[] = [];

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.pieces.push(piece);
    done();
  }

  override _flush(done: TransformCallback): void {
    done(null, Buffer.concat(this.pieces));
  }
}
