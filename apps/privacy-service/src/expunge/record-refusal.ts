import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ContactErasureRefused } from '#contracts';
import { type BatchHandler, type Received } from '#messaging';
import { aboutRequest, refuseForeignSender } from './acknowledgement.js';
import { foldInputs } from './fold-inputs.js';
import { lockRequests, writeRequests } from './request-rows.js';

/** Notes who would not erase and why. The request stays open and visible, and the participant is asked again. */
@Injectable()
export class RecordRefusal implements BatchHandler<ContactErasureRefused> {
  private readonly logger = new Logger(RecordRefusal.name);

  async handle(messages: readonly Received<ContactErasureRefused>[], tx: EntityManager): Promise<void> {
    for (const { source, data } of messages) refuseForeignSender(source, data.participant);
    const inputs = messages.map(({ data }) => {
      const { participant, reason, at } = data;
      return { kind: 'refused' as const, ...aboutRequest(data), participant, reason, at };
    });
    const states = await lockRequests(
      tx,
      inputs.map(({ expungeId }) => expungeId),
    );
    const { changed, ignored } = foldInputs(states, inputs);
    await writeRequests(
      tx,
      changed.map((state) => ({ state })),
    );
    if (Object.keys(ignored).length > 0) this.logger.log({ msg: 'refusals ignored', ignored });
  }
}
