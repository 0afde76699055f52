import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { EmailRejected } from '#contracts';
import type { BatchHandler, Received } from '#messaging';
import { ApplyMailOutcomes } from './apply-mail-outcomes.js';

/** A mail that asks was refused: when for good, the contact cannot be asked and a person decides. */
@Injectable()
export class NoteRejection implements BatchHandler<EmailRejected> {
  constructor(private readonly outcomes: ApplyMailOutcomes) {}

  async handle(messages: readonly Received<EmailRejected>[], tx: EntityManager): Promise<void> {
    await this.outcomes.execute(tx, messages, ({ emailId, permanent }) => {
      return { kind: 'email-rejected', emailId, permanent };
    });
  }
}
