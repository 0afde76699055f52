import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { EraseContactData } from '#contracts';
import { eraseContacts } from '#erasure';
import { type BatchHandler, Outbox, type Received } from '#messaging';
import { participantFor } from './participant.js';

/**
 * Deletes all mail of a contact but the confirmation of the same or an earlier request, and answers with evidence.
 * While a mail of the contact is being handed over it answers nothing and is asked again.
 */
@Injectable()
export class EraseContact implements BatchHandler<EraseContactData> {
  constructor(private readonly outbox: Outbox) {}

  async handle(messages: readonly Received<EraseContactData>[], tx: EntityManager): Promise<void> {
    const { name } = participantFor([]);
    // Only what is addressed to us: a command for others must not decide which confirmation is spared.
    const mine = messages.filter(({ data }) => data.participants.includes(name));
    await eraseContacts(participantFor(mine.map(({ data }) => data)), this.outbox, mine, tx);
  }
}
