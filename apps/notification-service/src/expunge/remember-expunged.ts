import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ContactExpunged } from '#contracts';
import { rememberExpunged } from '#erasure';
import type { BatchHandler, Received } from '#messaging';
import { participantFor } from './participant.js';

/** Keeps expunged contacts gone when this database is new or came back from a backup. */
@Injectable()
export class RememberExpunged implements BatchHandler<ContactExpunged> {
  async handle(messages: readonly Received<ContactExpunged>[], tx: EntityManager): Promise<void> {
    await rememberExpunged(participantFor(messages.map(({ data }) => data)), messages, tx);
  }
}
