import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { EmailPurpose } from '#contracts';
import { lockKnownSubjects } from '#erasure';
import { inEveryTenant, Outbox } from '#messaging';
import { MeasureMails } from '../mail/measure-mails.js';
import { isOptInMail } from '../mail/opt-in-mail.js';
import { SendBudget } from '../send-budget/send-budget.js';
import type { Bounce } from './judge-report.decision.js';
import { type BounceRow, toEmailBounced } from './untold-bounces.js';

export interface BouncedMail extends Bounce {
  readonly emailId: string;
}

/** How many of the mails are known here, and how many had not bounced in this way before. */
export interface RecordedBounces {
  readonly known: number;
  readonly added: number;
}

/**
 * Writes down that mails have come back, each once in its way (hard, soft, complaint), and tells the others. A report can
 * be here before the answer of the server that accepted the mail is written down, so a mail still under way counts as
 * known: its bounce is told together with its outcome, after it, and so nobody hears of a bounce before the acceptance.
 * Mails that are not known, or no longer, are passed over. All in one transaction; the mails may be of any tenants.
 */
@Injectable()
export class RecordBounces {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly budget: SendBudget,
    private readonly measure: MeasureMails,
  ) {}

  async execute(bounces: readonly BouncedMail[]): Promise<RecordedBounces> {
    if (bounces.length === 0) return { known: 0, added: 0 };
    const { known, added } = await this.record(bounces);
    for (const { purpose, kind } of added) this.measure.bounced(purpose, kind);
    return { known, added: added.length };
  }

  /** Whether something can have come back of a mail with this id. */
  async knows(emailId: string): Promise<boolean> {
    const sent: unknown[] = await inEveryTenant(this.db, (tx) => tx.query(`SELECT FROM ${KNOWN_MAILS}`, [[emailId]]));
    return sent.length > 0;
  }

  private record(bounces: readonly BouncedMail[]): Promise<{ known: number; added: BounceRow[] }> {
    return inEveryTenant(this.db, async (tx) => {
      const ids = [...new Set(bounces.map(({ emailId }) => emailId))];
      const contacts: { contact_id: string }[] = await tx.query(`SELECT DISTINCT contact_id FROM ${KNOWN_MAILS}`, [
        ids,
      ]);
      if (contacts.length === 0) return { known: 0, added: [] };
      await lockKnownSubjects(tx, contacts.map((row) => row.contact_id).sort());
      const [{ known }]: [{ known: number }] = await tx.query(
        `SELECT count(DISTINCT email_id)::int AS known FROM ${KNOWN_MAILS}`,
        [ids],
      );
      const added = await add(tx, bounces);
      await this.outbox.add(tx, added.filter((row) => row.told).map(toEmailBounced));
      await this.budget.countBounces(
        tx,
        added
          .filter(({ purpose }) => isOptInMail(purpose as EmailPurpose))
          .map(({ tenant_id: tenantId, kind }) => ({ tenantId, kind })),
      );
      return { known, added };
    });
  }
}

const COLUMNS = 'email_id, tenant_id, contact_id, expunge_id, purpose';
/** Whose outcome is written down, and those under way. */
const KNOWN_MAILS = `
  (SELECT ${COLUMNS}, true AS over FROM mail_outcome
     WHERE email_id = ANY($1::uuid[]) AND outcome <> 'cancelled'
   UNION ALL SELECT ${COLUMNS}, false FROM mail WHERE email_id = ANY($1::uuid[])) AS sent`;

async function add(tx: EntityManager, bounces: readonly BouncedMail[]): Promise<BounceRow[]> {
  return tx.query(
    `INSERT INTO mail_bounce (${COLUMNS}, kind, code, told)
     SELECT DISTINCT ON (sent.email_id, bounced.kind) sent.email_id, sent.tenant_id, sent.contact_id, sent.expunge_id,
       sent.purpose, bounced.kind, bounced.code, sent.over
     FROM unnest($1::uuid[], $2::text[], $3::text[]) AS bounced (email_id, kind, code) JOIN ${KNOWN_MAILS} USING (email_id)
     ORDER BY sent.email_id, bounced.kind, sent.over DESC
     ON CONFLICT DO NOTHING
     RETURNING ${COLUMNS}, kind, code, at, told`,
    [bounces.map(({ emailId }) => emailId), bounces.map(({ kind }) => kind), bounces.map(({ code }) => code)],
  );
}
