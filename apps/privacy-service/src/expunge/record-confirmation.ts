import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { EmailAccepted } from '#contracts';
import { type BatchHandler, type Received } from '#messaging';
import { confirmationsIn } from './confirmation-mail.js';
import { foldInputs } from './fold-inputs.js';
import { lockRequests, writeRequests } from './request-rows.js';

/** The receiving server has the confirmation: the request is confirmed and the sealed recipient is deleted. */
@Injectable()
export class RecordConfirmation implements BatchHandler<EmailAccepted> {
  private readonly logger = new Logger(RecordConfirmation.name);

  async handle(messages: readonly Received<EmailAccepted>[], tx: EntityManager): Promise<void> {
    const inputs = confirmationsIn(messages).map(({ ids, data }) => {
      return { kind: 'email-accepted' as const, ...ids, emailId: data.emailId, at: data.at };
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
    if (Object.keys(ignored).length > 0) this.logger.log({ msg: 'accepted mails ignored', ignored });
  }
}
