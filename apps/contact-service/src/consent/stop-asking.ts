import { Injectable } from '@nestjs/common';
import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsInt, IsUUID, Min } from 'class-validator';
import { DataSource, type EntityManager } from 'typeorm';
import { message, StopEnrolments } from '#contracts';
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
  /** Contacts that could be asked, or were, and from now on are not; those stopped before, or unknown, are not counted. */
  @IsInt() @Min(0) stopped: number;
}

/**
 * Somebody at the client takes contacts out of all workflows, those that have asked them, are about to, or will: no further
 * mail, and no removal for silence. It counts from here on, for good: who is stopped before a removal begins is not removed.
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
      const stopped = await stop(tx, caller, contactIds);
      const contacts = stopped.map(({ contactId }) => ({ tenantId, contactId }));
      await endAsks(tx, caller, stopped);
      const messages = stopped.map(({ contactId, at }) =>
        message(StopEnrolments, { tenantId, contactId, at: at.toISOString() }),
      );
      await this.outbox.add(tx, messages);
      await callBackMails(tx, this.outbox, { contacts, reason: 'stopped' });
      const entries = contacts.map(({ contactId: target }) => ({
        tenantId,
        action: 'consent-request.stopped',
        target,
      }));
      await this.audit.record(tx, caller, ...entries);
      return { stopped: stopped.length };
    });
  }
}

interface Stopped {
  readonly contactId: string;
  readonly at: Date;
}

/** Whoever has opted in, or has an account, is never asked; whoever is being removed is not asked any more. */
async function stop(
  tx: EntityManager,
  { tenantId, subject }: TenantCaller,
  contactIds: readonly string[],
): Promise<Stopped[]> {
  const [rows]: [Stopped[], number] = await tx.query(
    `UPDATE contact SET asking_stopped_at = clock_timestamp(), asking_stopped_by = $3
     WHERE id = ANY($1::uuid[]) AND tenant_id = $2 AND asking_stopped_at IS NULL
       AND state <> 'expunging' AND consent <> 'opted-in' AND candidate_subject IS NULL
     RETURNING id AS "contactId", asking_stopped_at AS at`,
    [contactIds, tenantId, subject],
  );
  return rows;
}

/** Rule 2 asks the enrolment's own mails. */
async function endAsks(
  tx: EntityManager,
  { tenantId, subject }: TenantCaller,
  stopped: readonly Stopped[],
): Promise<void> {
  await tx.query(
    `UPDATE opt_in_ask SET stopped_at = clock_timestamp(), stopped_by = $3
     WHERE contact_id = ANY($1::uuid[]) AND tenant_id = $2 AND stopped_at IS NULL`,
    [stopped.map(({ contactId }) => contactId), tenantId, subject],
  );
}
