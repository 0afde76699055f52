import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ExpungeWaiting } from '#contracts';
import { type BatchHandler, type Received } from '#messaging';
import { applyInputs } from './apply-inputs.js';
import { openWaiting } from './expunge.process.js';
import { insertRequests } from './insert-requests.js';
import { writeRequests } from './request-rows.js';
import type { SkippedRun } from './waiting.decision.js';

/**
 * Shows the privacy officer, and the person, a removal that was accepted and may not begin yet: a request that waits,
 * with every run that was skipped. Nobody is asked to erase anything; ExpungeRequested with the same id begins it. What
 * is heard after that is ignored.
 */
@Injectable()
export class RecordWaiting implements BatchHandler<ExpungeWaiting> {
  private readonly logger = new Logger(RecordWaiting.name);

  async handle(messages: readonly Received<ExpungeWaiting>[], tx: EntityManager): Promise<void> {
    const waiting = messages.map(({ data: { statusTokenHash, at, until, waitingFor, ...opening } }) => {
      const run: SkippedRun = { at: inUtc(at), waitingFor, until: until && inUtc(until) };
      return { statusTokenHash, run, state: openWaiting(opening, run) };
    });
    const { known } = await insertRequests(tx, waiting);
    const inputs = known.map(({ run, state: { expungeId, tenantId, contactId } }) => {
      return { kind: 'skipped' as const, expungeId, tenantId, contactId, ...run };
    });
    const { changed } = await applyInputs(inputs, tx, this.logger);
    await writeRequests(
      tx,
      changed.map((state) => ({ state })),
    );
  }
}

/** One spelling for one moment, so that it is told again and sorted; a time nobody can read throws and is parked. */
const inUtc = (time: string): string => new Date(time).toISOString();
