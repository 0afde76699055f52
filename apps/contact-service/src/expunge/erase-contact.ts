import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { EraseContactData } from '#contracts';
import { eraseContacts } from '#erasure';
import { type BatchHandler, Outbox, type Received } from '#messaging';
import { ContactParticipant } from './participant.js';

/** Deletes contacts and their notes, as one participant among others, and answers with evidence. */
@Injectable()
export class EraseContact implements BatchHandler<EraseContactData> {
  constructor(
    private readonly participant: ContactParticipant,
    private readonly outbox: Outbox,
  ) {}

  handle(messages: readonly Received<EraseContactData>[], tx: EntityManager): Promise<void> {
    return eraseContacts(this.participant.forBatch(), this.outbox, messages, tx);
  }
}
