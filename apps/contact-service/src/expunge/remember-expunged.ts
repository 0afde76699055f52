import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ContactExpunged } from '#contracts';
import { rememberExpunged } from '#erasure';
import type { BatchHandler, Received } from '#messaging';
import { ContactParticipant } from './participant.js';
import { trackExpunged } from './track-removal.js';

/**
 * A contact is gone from every service. Here it is gone already, unless this database was restored from a backup: then it
 * goes now. And the removal is noted as complete.
 */
@Injectable()
export class RememberExpunged implements BatchHandler<ContactExpunged> {
  constructor(private readonly participant: ContactParticipant) {}

  async handle(messages: readonly Received<ContactExpunged>[], tx: EntityManager): Promise<void> {
    // First, because the reason says what the ledger keeps.
    await trackExpunged(messages, tx);
    await rememberExpunged(this.participant.forBatch(), messages, tx);
  }
}
