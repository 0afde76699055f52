import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ExpungeRequested } from '#contracts';
import { type BatchHandler, failPoint, Outbox, type Received } from '#messaging';
import { PrivacyConfig } from '../config.js';
import { applyInputs } from './apply-inputs.js';
import type { Input } from './expunge-state.process.js';
import { open } from './expunge.process.js';
import { insertRequests } from './insert-requests.js';
import { writeRequests } from './request-rows.js';

/**
 * Opens requests, or begins those that had to wait, and asks every participant. The expunge id is the identity of a
 * request: the same one again changes nothing. Another id for the same contact is a request of its own, with evidence
 * and a certificate of its own.
 */
@Injectable()
export class OpenExpunge implements BatchHandler<ExpungeRequested> {
  private readonly logger = new Logger(OpenExpunge.name);

  constructor(
    private readonly outbox: Outbox,
    private readonly config: PrivacyConfig,
  ) {}

  async handle(messages: readonly Received<ExpungeRequested>[], tx: EntityManager): Promise<void> {
    const { EXTRA_PARTICIPANTS: extra, ASK_AGAIN_FIRST_SECONDS: askAgainInSeconds } = this.config;
    const opened = messages.map(({ data }) => {
      return { data, statusTokenHash: data.statusTokenHash, askAgainInSeconds, ...open(data, extra) };
    });
    const { fresh, known } = await insertRequests(tx, opened);
    const begun = await applyInputs(
      known.map(({ data }) => toInput(data, extra)),
      tx,
      this.logger,
    );
    await writeRequests(
      tx,
      begun.changed.map((state) => ({ state, askAgainInSeconds })),
    );
    failPoint('process.opened');
    await this.outbox.add(tx, [...fresh.flatMap((request) => request.messages), ...begun.messages]);
  }
}

function toInput(data: ExpungeRequested, extra: readonly string[]): Input {
  const { expungeId, tenantId, contactId, subjectCommitment, sealedRecipient } = data;
  return { kind: 'begun', expungeId, tenantId, contactId, subjectCommitment, sealedRecipient, extra };
}
