import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { BackOff, beginSpan, failPoint, partOrFollower, safeError } from '#messaging';
import { NotificationConfig } from '../config.js';
import type { Attempt } from './attempt.js';
import type { ClaimedMail } from './claim-mails.js';
import { ComposeMail } from './compose-mail.js';
import { judgeAttempt } from './judge-attempt.js';
import { MailTransport } from './mail-transport.js';
import { isOptInMail } from './opt-in-mail.js';
import { type Outcome, RecordOutcomes } from './record-outcomes.js';
import { SmtpCircuit } from './smtp-circuit.js';

const GATHER_MS = 100;

interface Waiting {
  readonly mail: ClaimedMail;
  /** After this moment the lease might end before the attempt does. */
  readonly startBefore: number;
}

/**
 * Sends claimed mails, as many at once as there are connections, outside any transaction, and writes the outcomes down
 * in batches: those that end while one batch is written are the next one.
 */
@Injectable()
export class DeliverMails {
  /** Longer than an attempt, with time to wait for a connection and to write the outcome down. */
  readonly leaseMs: number;
  /** Told when mails can be taken that there was no room for before. */
  onRoom: () => void = () => undefined;
  private readonly logger = new Logger('mail');
  private readonly stopping = new AbortController();
  /** Those a person waits for go first. */
  private readonly waiting: Waiting[] = [];
  private readonly waitingOptIns: Waiting[] = [];
  private readonly lanes = new Set<Promise<void>>();
  private outcomes: Outcome[] = [];
  private writing: Promise<void> | undefined;
  /** From their claim until their outcome is written down. */
  private readonly held = new Set<string>();
  private readonly heldOptIns = new Set<string>();
  private turnedAway = false;

  constructor(
    private readonly config: NotificationConfig,
    private readonly composer: ComposeMail,
    private readonly transport: MailTransport,
    private readonly circuit: SmtpCircuit,
    private readonly record: RecordOutcomes,
  ) {
    this.leaseMs = 2 * transport.attemptMs;
  }

  /** Mails that must not be claimed again, also when their lease has ended: their outcome is not written down yet. */
  get underWay(): readonly string[] {
    return [...this.held, ...this.heldOptIns];
  }

  /**
   * How many mails may be claimed now; none while more than half of the most are under way, so that claims are batches.
   * Those that ask to opt in have room of their own: they may be many, and must not take that of the others.
   */
  room(most: number, queue: 'urgent' | 'opt-in'): number {
    const held = queue === 'urgent' ? this.held.size : this.heldOptIns.size;
    const full = this.stopping.signal.aborted || held > most / 2;
    const open = this.circuit.room(most, performance.now());
    const beside = open < most ? this.underWay.length : held;
    const room = full ? 0 : Math.max(0, open - beside);
    this.turnedAway ||= room === 0;
    return room;
  }

  deliver(mails: readonly ClaimedMail[]): void {
    if (mails.length > 0) failPoint('mail.claimed');
    const startBefore = performance.now() + this.leaseMs - 1.5 * this.transport.attemptMs;
    for (const mail of mails) {
      const optIn = isOptInMail(mail.purpose);
      (optIn ? this.heldOptIns : this.held).add(mail.emailId);
      (optIn ? this.waitingOptIns : this.waiting).push({ mail, startBefore });
    }
    while (this.lanes.size < Math.min(this.config.SMTP_CONNECTIONS, this.lanes.size + this.waitingCount)) {
      const lane: Promise<void> = this.runLane().finally(() => this.lanes.delete(lane));
      this.lanes.add(lane);
    }
  }

  /** Resolves when every attempt under way has ended and is written down; what waits is given back. */
  async finish(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.lanes);
    await this.writing;
  }

  private async runLane(): Promise<void> {
    for (let next = this.next(); next; next = this.next()) {
      const { attempt, traceparent } = await this.attempt(next);
      if (attempt.kind === 'accepted') failPoint('mail.sent');
      this.noteServer(attempt);
      this.write({ mail: next.mail, verdict: judgeAttempt(attempt, next.mail, this.policy()), traceparent });
    }
  }

  private get waitingCount(): number {
    return this.waiting.length + this.waitingOptIns.length;
  }

  private next(): Waiting | undefined {
    return this.waiting.shift() ?? this.waitingOptIns.shift();
  }

  private async attempt({ mail, startBefore }: Waiting): Promise<{ attempt: Attempt; traceparent?: string }> {
    const now = performance.now();
    const hold = this.stopping.signal.aborted || now > startBefore || this.circuit.room(1, now) === 0;
    if (hold) return { attempt: { kind: 'not-tried' }, traceparent: mail.traceparent };
    const span = beginSpan({ name: 'send mail', kind: 'client', ...partOrFollower(mail.traceparent, mail.queuedAt) });
    const composed = await this.composer.compose(mail);
    const attempt = 'kind' in composed ? composed : await this.transport.send(composed);
    const attributes = { 'mail.purpose': mail.purpose, 'mail.outcome': attempt.kind };
    span?.end({ failed: attempt.kind !== 'accepted', attributes });
    return { attempt, traceparent: span?.traceparent ?? mail.traceparent };
  }

  private noteServer(attempt: Attempt): void {
    if (attempt.kind === 'unreachable') this.circuit.failed(attempt.code, performance.now());
    if (attempt.kind === 'accepted' || ('code' in attempt && /^smtp-\d/.test(attempt.code))) this.circuit.answered();
  }

  private write(outcome: Outcome): void {
    this.outcomes.push(outcome);
    this.writing ??= this.writeAll().finally(() => (this.writing = undefined));
  }

  private async writeAll(): Promise<void> {
    const backOff = new BackOff(50, 2_000);
    while (this.outcomes.length > 0) {
      // With a backlog behind it an outcome can wait for others, so that a transaction and a message batch serve many.
      if (this.waitingCount > 0)
        await delay(GATHER_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      const batch = this.outcomes.splice(0);
      if (await this.written(batch)) this.done(batch);
      else if (this.stopping.signal.aborted) return;
      else {
        // Kept in memory until the database is back, so that this process does not send an accepted mail again. Another
        // one does when the lease ends before, or when this one stops before: the same mail, by its Message-ID.
        this.outcomes.unshift(...batch);
        await backOff.wait(this.stopping.signal);
      }
    }
  }

  private async written(batch: readonly Outcome[]): Promise<boolean> {
    try {
      await this.record.execute(batch);
      return true;
    } catch (error) {
      this.logger.error({ msg: 'outcomes of mails could not be stored', count: batch.length, error: safeError(error) });
      return false;
    }
  }

  private done(batch: readonly Outcome[]): void {
    for (const { mail } of batch) {
      this.held.delete(mail.emailId);
      this.heldOptIns.delete(mail.emailId);
    }
    if (!this.turnedAway) return;
    this.turnedAway = false;
    this.onRoom();
  }

  private policy() {
    return { firstSeconds: this.config.MAIL_RETRY_FIRST_SECONDS, maxSeconds: this.config.MAIL_RETRY_MAX_SECONDS };
  }
}
