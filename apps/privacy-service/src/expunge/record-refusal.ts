import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ContactErasureRefused } from '#contracts';
import { type BatchHandler, type Received } from '#messaging';
import { refuseForeignSender } from './acknowledgement.js';
import { applyInputs } from './apply-inputs.js';
import { writeRequests } from './request-rows.js';

/** Notes who would not erase and why. The request stays open and visible, and the participant is asked again. */
@Injectable()
export class RecordRefusal implements BatchHandler<ContactErasureRefused> {
  private readonly logger = new Logger(RecordRefusal.name);

  async handle(messages: readonly Received<ContactErasureRefused>[], tx: EntityManager): Promise<void> {
    for (const { source, data } of messages) refuseForeignSender(source, data.participant);
    const inputs = messages.map(({ data }) => {
      const { expungeId, tenantId, contactId, participant, reason, at } = data;
      return { kind: 'refused' as const, expungeId, tenantId, contactId, participant, reason, at };
    });
    const { changed } = await applyInputs(inputs, tx, this.logger);
    await writeRequests(
      tx,
      changed.map((state) => ({ state })),
    );
  }
}
