import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { EmailAccepted } from '#contracts';
import type { BatchHandler, Received } from '#messaging';
import { ApplyMailOutcomes } from './apply-mail-outcomes.js';

/** The receiving server has a mail that asks: the wait after it runs from that moment. */
@Injectable()
export class StartClock implements BatchHandler<EmailAccepted> {
  constructor(private readonly outcomes: ApplyMailOutcomes) {}

  async handle(messages: readonly Received<EmailAccepted>[], tx: EntityManager): Promise<void> {
    await this.outcomes.execute(tx, messages, ({ emailId, at }) => {
      return { kind: 'email-accepted', emailId, at: new Date(at) };
    });
  }
}
