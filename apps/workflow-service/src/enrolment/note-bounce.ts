import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { EmailBounced } from '#contracts';
import type { BatchHandler, Received } from '#messaging';
import { ApplyMailOutcomes } from './apply-mail-outcomes.js';

/** A mail that asks came back, or its recipient complained: it is sent again, or nobody is asked any more. */
@Injectable()
export class NoteBounce implements BatchHandler<EmailBounced> {
  constructor(private readonly outcomes: ApplyMailOutcomes) {}

  async handle(messages: readonly Received<EmailBounced>[], tx: EntityManager): Promise<void> {
    await this.outcomes.execute(tx, messages, ({ emailId, kind: bounce }) => {
      return { kind: 'email-bounced', emailId, bounce };
    });
  }
}
