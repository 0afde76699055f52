import { Injectable } from '@nestjs/common';
import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsInt, IsUUID, Min } from 'class-validator';
import { DataSource, type EntityManager } from 'typeorm';
import { message, StopEnrolment } from '#contracts';
import { lockKnownSubjects } from '#erasure';
import { inTenant, Outbox } from '#messaging';
import { Audit, Example, type TenantCaller } from '#service';
import { callBackMails } from './call-back-mails.js';

@Example({ contactIds: ['0197f39e-11aa-7c3e-8f52-9b1d4e6a7c80'] })
export class ContactsToStop {
  @IsArray() @ArrayNotEmpty() @ArrayMaxSize(1_000) @IsUUID(undefined, { each: true }) contactIds: string[];
}

@Example({ stopped: 1 })
export class AskingStopped {
  /** Contacts that were waiting and are not any more; those that were not, or are unknown, are not counted. */
  @IsInt() @Min(0) stopped: number;
}

/**
 * Somebody at the client takes contacts out of all workflows that have asked them: no further mail, and no removal for
 * silence. It counts from here on: who is stopped before a removal begins is not removed.
 */
@Injectable()
export class StopAsking {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
  ) {}

  async execute(caller: TenantCaller, { contactIds }: ContactsToStop): Promise<AskingStopped> {
    const { tenantId } = caller;
    return inTenant(this.db, tenantId, async (tx) => {
      await lockKnownSubjects(tx, contactIds);
      const { enrolments, at } = await stop(tx, caller, contactIds);
      const stopped = [...new Set(enrolments.map(({ contactId }) => contactId))];
      const messages = enrolments.map((enrolment) => message(StopEnrolment, { tenantId, ...enrolment, at }));
      await this.outbox.add(tx, messages);
      await callBackMails(tx, this.outbox, {
        contacts: stopped.map((contactId) => ({ contactId, tenantId })),
        reason: 'stopped',
      });
      const entries = stopped.map((target) => ({ tenantId, action: 'consent-request.stopped', target }));
      await this.audit.record(tx, caller, ...entries);
      return { stopped: stopped.length };
    });
  }
}

interface Stopped {
  readonly contactId: string;
  readonly enrolmentId: string;
}

/** The enrolments that were open until now. Who has opted in, or is being removed, is in none. */
async function stop(
  tx: EntityManager,
  { tenantId, subject }: TenantCaller,
  contactIds: readonly string[],
): Promise<{ enrolments: Stopped[]; at: string }> {
  const [rows]: [(Stopped & { at: Date })[], number] = await tx.query(
    `UPDATE opt_in_ask SET stopped_at = clock_timestamp(), stopped_by = $3
     FROM contact
     WHERE opt_in_ask.contact_id = ANY($1::uuid[]) AND opt_in_ask.tenant_id = $2 AND opt_in_ask.stopped_at IS NULL
       AND contact.id = opt_in_ask.contact_id AND contact.tenant_id = opt_in_ask.tenant_id
       AND contact.state <> 'expunging' AND contact.consent <> 'opted-in'
     RETURNING opt_in_ask.contact_id AS "contactId", opt_in_ask.enrolment_id AS "enrolmentId", stopped_at AS at`,
    [contactIds, tenantId, subject],
  );
  const enrolments = new Map(
    rows.map(({ contactId, enrolmentId }) => [`${contactId} ${enrolmentId}`, { contactId, enrolmentId }]),
  );
  return { enrolments: [...enrolments.values()], at: (rows[0]?.at ?? new Date()).toISOString() };
}
