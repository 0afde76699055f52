import { Injectable, Logger } from '@nestjs/common';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Keeps thousands of waiting mails from hammering a mail server that is away: after a failed connection nothing is sent
 * for a while (500 ms doubling to 30 s), then one mail tries, and only when it got through do the others follow.
 */
@Injectable()
export class SmtpCircuit {
  private readonly logger = new Logger('mail');
  private failures = 0;
  private pausedUntil = 0;
  private code: string | undefined;

  /** How many mails may be under way now, of `most`; times in milliseconds of a steady clock. */
  room(most: number, nowMs: number): number {
    if (this.failures === 0) return most;
    return nowMs < this.pausedUntil ? 0 : Math.min(1, most);
  }

  failed(code: string, nowMs: number): void {
    // Mails that were under way together fail together; that is one failure.
    if (nowMs < this.pausedUntil) return;
    if (this.failures === 0) this.logger.warn({ msg: 'the mail server cannot be used; mails wait', code });
    this.code = code;
    this.pausedUntil = nowMs + Math.min(FIRST_PAUSE_MS * 2 ** Math.min(this.failures, 20), LONGEST_PAUSE_MS);
    this.failures += 1;
  }

  /** The server has answered, whatever it said. */
  answered(): void {
    if (this.failures > 0) this.logger.log({ msg: 'the mail server can be used again' });
    this.failures = 0;
    this.pausedUntil = 0;
    this.code = undefined;
  }

  problems(): string[] {
    return this.code === undefined ? [] : [`smtp: the mail server cannot be used (${this.code}); mails wait`];
  }
}
