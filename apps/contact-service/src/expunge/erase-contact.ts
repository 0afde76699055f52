import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { EraseContactData } from '#contracts';
import { eraseContacts } from '#erasure';
import { type BatchHandler, Outbox, type Received } from '#messaging';
import { participant } from './participant.js';

/** Deletes contacts and their notes, as one participant among others, and answers with evidence. */
@Injectable()
export class EraseContact implements BatchHandler<EraseContactData> {
  constructor(private readonly outbox: Outbox) {}

  handle(messages: readonly Received<EraseContactData>[], tx: EntityManager): Promise<void> {
    return eraseContacts(participant, this.outbox, messages, tx);
  }
}
