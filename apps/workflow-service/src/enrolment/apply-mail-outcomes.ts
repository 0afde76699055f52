import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type EmailPurpose, type Message, OPT_IN_MAILS } from '#contracts';
import type { Received } from '#messaging';
import { countFound } from '../reconciliation/count-found.js';
import { ApplyInputs } from './apply-inputs.js';
import type { Input } from './enrolment-state.process.js';

interface MailMessage extends Message {
  readonly contactId: string;
  readonly purpose: EmailPurpose;
}

/** What became of mails that ask to opt in; other mails are not ours. Those that nobody here has asked for are counted. */
@Injectable()
export class ApplyMailOutcomes {
  constructor(private readonly inputs: ApplyInputs) {}

  async execute<M extends MailMessage>(
    tx: EntityManager,
    messages: readonly Received<M>[],
    toInput: (data: M) => Input,
  ): Promise<void> {
    const ours = messages.map(({ data }) => data).filter(({ purpose }) => OPT_IN_MAILS.some((one) => one === purpose));
    const unknown = await this.inputs.execute(
      tx,
      ours.map((data) => ({ tenantId: data.tenantId, contactId: data.contactId, input: toInput(data) })),
    );
    await countFound(tx, 'unknown_mails', unknown);
  }
}
