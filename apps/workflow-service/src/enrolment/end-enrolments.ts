import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { StopEnrolments } from '#contracts';
import type { BatchHandler, Received } from '#messaging';
import { ApplyInputs } from './apply-inputs.js';

/** Somebody at the client took contacts out: no further mail, no removal for silence. */
@Injectable()
export class EndEnrolments implements BatchHandler<StopEnrolments> {
  constructor(private readonly inputs: ApplyInputs) {}

  async handle(messages: readonly Received<StopEnrolments>[], tx: EntityManager): Promise<void> {
    await this.inputs.execute(
      tx,
      messages.map(({ data: { tenantId, contactId } }) => {
        return { tenantId, contactId, input: { kind: 'enrolment-stopped' } };
      }),
    );
  }
}
