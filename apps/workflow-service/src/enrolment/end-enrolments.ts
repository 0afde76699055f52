import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { StopEnrolment } from '#contracts';
import type { BatchHandler, Received } from '#messaging';
import { ApplyInputs } from './apply-inputs.js';

/** Somebody at the client took contacts out: no further mail, no removal for silence. */
@Injectable()
export class EndEnrolments implements BatchHandler<StopEnrolment> {
  constructor(private readonly inputs: ApplyInputs) {}

  async handle(messages: readonly Received<StopEnrolment>[], tx: EntityManager): Promise<void> {
    await this.inputs.execute(
      tx,
      messages.map(({ data: { tenantId, contactId, enrolmentId } }) => {
        return { tenantId, contactId, enrolmentId, input: { kind: 'enrolment-stopped' } };
      }),
    );
  }
}
