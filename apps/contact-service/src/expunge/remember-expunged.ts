import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ContactExpunged } from '#contracts';
import { rememberExpunged } from '#erasure';
import type { BatchHandler, Received } from '#messaging';
import { participant } from './participant.js';
import { trackExpunged } from './track-removal.js';

/**
 * A contact is gone from every service. Here it is gone already, unless this database was restored from a backup: then it
 * goes now. And the removal is noted as complete.
 */
@Injectable()
export class RememberExpunged implements BatchHandler<ContactExpunged> {
  async handle(messages: readonly Received<ContactExpunged>[], tx: EntityManager): Promise<void> {
    await rememberExpunged(participant, messages, tx);
    await trackExpunged(messages, tx);
  }
}
