import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { AskAgain } from '#contracts';
import type { BatchHandler, Received } from '#messaging';
import { ApplyInputs } from './apply-inputs.js';

/** What was sent so far has asked nobody, or somebody else: the enrolments begin anew, also where nobody could be asked. */
@Injectable()
export class AskAnew implements BatchHandler<AskAgain> {
  constructor(private readonly inputs: ApplyInputs) {}

  async handle(messages: readonly Received<AskAgain>[], tx: EntityManager): Promise<void> {
    await this.inputs.execute(
      tx,
      messages.map(({ data: { tenantId, contactId } }) => ({ tenantId, contactId, input: { kind: 'ask-anew' } })),
    );
  }
}
