import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { EmailRejected } from '#contracts';
import { type BatchHandler, type Received } from '#messaging';
import { applyInputs } from './apply-inputs.js';
import { confirmationsIn } from './confirmation-mail.js';
import { writeRequests } from './request-rows.js';

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
    const { changed } = await applyInputs(inputs, tx, this.logger);
    await writeRequests(
      tx,
      changed.map((state) => ({ state })),
    );
  }
}
