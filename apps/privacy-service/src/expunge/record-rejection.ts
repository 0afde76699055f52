import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { EmailRejected } from '#contracts';
import { type BatchHandler, type Received } from '#messaging';
import { confirmationsIn } from './confirmation-mail.js';
import { foldInputs } from './fold-inputs.js';
import { lockRequests, writeRequests } from './request-rows.js';

/**
 * The confirmation was refused. For good: the request shows it, stays expunged, and the sealed recipient is deleted.
 * For now: notification-service tries again, nothing changes here.
 */
@Injectable()
export class RecordRejection implements BatchHandler<EmailRejected> {
  private readonly logger = new Logger(RecordRejection.name);

  async handle(messages: readonly Received<EmailRejected>[], tx: EntityManager): Promise<void> {
    const inputs = confirmationsIn(messages).map(({ ids, data }) => {
      return { kind: 'email-rejected' as const, ...ids, emailId: data.emailId, permanent: data.permanent };
    });
    if (inputs.length === 0) return;
    const states = await lockRequests(
      tx,
      inputs.map(({ expungeId }) => expungeId),
    );
    const { changed, ignored } = foldInputs(states, inputs);
    await writeRequests(
      tx,
      changed.map((state) => ({ state })),
    );
    if (Object.keys(ignored).length > 0) this.logger.log({ msg: 'rejected mails ignored', ignored });
  }
}
