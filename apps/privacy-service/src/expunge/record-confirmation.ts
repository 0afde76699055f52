import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { EmailAccepted } from '#contracts';
import { type BatchHandler, type Received } from '#messaging';
import { applyInputs } from './apply-inputs.js';
import { confirmationsIn } from './confirmation-mail.js';
import { writeRequests } from './request-rows.js';

/** The receiving server has the confirmation: the request is confirmed and the sealed recipient is deleted. */
@Injectable()
export class RecordConfirmation implements BatchHandler<EmailAccepted> {
  private readonly logger = new Logger(RecordConfirmation.name);

  async handle(messages: readonly Received<EmailAccepted>[], tx: EntityManager): Promise<void> {
    const inputs = confirmationsIn(messages).map(({ ids, data }) => {
      return { kind: 'email-accepted' as const, ...ids, emailId: data.emailId, at: data.at };
    });
    const { changed } = await applyInputs(inputs, tx, this.logger);
    await writeRequests(
      tx,
      changed.map((state) => ({ state })),
    );
  }
}
