import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Data, OptInKnown } from '#contracts';
import type { BatchHandler, Received } from '#messaging';
import { countFound } from '../reconciliation/count-found.js';
import { ApplyInputs } from './apply-inputs.js';
import type { Input } from './enrolment-state.process.js';

/** What became of a mail that was asked for again: it had not been heard here, so it is made up for, and counted. */
@Injectable()
export class NoteKnown implements BatchHandler<OptInKnown> {
  constructor(private readonly inputs: ApplyInputs) {}

  async handle(messages: readonly Received<OptInKnown>[], tx: EntityManager): Promise<void> {
    const known = messages.map(({ data }) => data);
    await this.inputs.execute(
      tx,
      known.flatMap((one) => {
        const { tenantId, contactId, enrolmentId } = one;
        return inputsOf(one).map((input) => ({ tenantId, contactId, enrolmentId, input }));
      }),
    );
    await countFound(tx, 'outcomes_restored', known);
  }
}

function inputsOf({ emailId, acceptedAt, cameBack }: Data<OptInKnown>): Input[] {
  const accepted: Input[] =
    acceptedAt === undefined ? [] : [{ kind: 'email-accepted', emailId, at: new Date(acceptedAt) }];
  switch (cameBack) {
    case undefined:
      return accepted;
    case 'rejected':
      return [...accepted, { kind: 'email-rejected', emailId, permanent: true }];
    case 'hard':
    case 'soft':
      return [...accepted, { kind: 'email-bounced', emailId, bounce: cameBack }];
  }
}
