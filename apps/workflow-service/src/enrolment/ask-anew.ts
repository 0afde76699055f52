import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { AskAgain } from '#contracts';
import type { BatchHandler, Received } from '#messaging';
import { activeWorkflows } from '../workflows/active-workflows.js';
import { ApplyInputs } from './apply-inputs.js';

/**
 * What was sent so far has asked nobody, or somebody else: the enrolments begin anew, also where nobody could be asked. Read
 * without the lock of the definitions: a workflow that is archived meanwhile may be taken for one that is not yet.
 */
@Injectable()
export class AskAnew implements BatchHandler<AskAgain> {
  constructor(private readonly inputs: ApplyInputs) {}

  async handle(messages: readonly Received<AskAgain>[], tx: EntityManager): Promise<void> {
    const [first] = messages;
    if (!first) return;
    const active = await activeWorkflows(tx, first.data.tenantId);
    const input = { kind: 'ask-anew', workflows: new Set(active.map(({ id }) => id)) } as const;
    await this.inputs.execute(
      tx,
      messages.map(({ data: { tenantId, contactId } }) => ({ tenantId, contactId, input })),
    );
  }
}
