import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ContactExpunged } from '#contracts';
import { rememberExpunged } from '#erasure';
import type { BatchHandler, Received } from '#messaging';
import { participant } from './participant.js';

/** Keeps expunged contacts gone from a database that is new or was restored from a backup. */
@Injectable()
export class RememberExpunged implements BatchHandler<ContactExpunged> {
  handle(messages: readonly Received<ContactExpunged>[], tx: EntityManager): Promise<void> {
    return rememberExpunged(participant, messages, tx);
  }
}
