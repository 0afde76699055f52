import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { EmailAccepted, EmailBounced, EmailRejected } from '#contracts';
import { type BatchHandler, Outbox, type Received } from '#messaging';
import { trackAcceptedAsks, trackBouncedAsks, trackRejectedAsks } from '../consent/track-opt-in-mails.js';
import { trackConfirmed, trackNotConfirmed } from '../expunge/track-removal.js';

// What becomes of a mail is said in one kind of message for all purposes; each part of the service takes those of its own.

/** The receiving server accepted mails. */
@Injectable()
export class TrackAccepted implements BatchHandler<EmailAccepted> {
  async handle(messages: readonly Received<EmailAccepted>[], tx: EntityManager): Promise<void> {
    const mails = messages.map(({ data }) => data);
    await trackAcceptedAsks(mails, tx);
    await trackConfirmed(mails, tx);
  }
}

/** Mails were refused, for now or for good. */
@Injectable()
export class TrackRejected implements BatchHandler<EmailRejected> {
  constructor(private readonly outbox: Outbox) {}

  async handle(messages: readonly Received<EmailRejected>[], tx: EntityManager): Promise<void> {
    const mails = messages.map(({ data }) => data);
    await trackRejectedAsks(mails, tx, this.outbox);
    await trackNotConfirmed(mails, tx);
  }
}

/** Mails came back, or their recipients complained of them. That of a confirmation changes nothing: it was accepted. */
@Injectable()
export class TrackBounced implements BatchHandler<EmailBounced> {
  constructor(private readonly outbox: Outbox) {}

  handle(messages: readonly Received<EmailBounced>[], tx: EntityManager): Promise<void> {
    return trackBouncedAsks(
      messages.map(({ data }) => data),
      tx,
      this.outbox,
    );
  }
}
