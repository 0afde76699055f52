import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import { inEveryTenant } from '#messaging';
import { type PumpResult, Pumps } from '#service';
import { ContactConfig } from '../config.js';
import { standingsOf } from './consent-state.js';

const LOOK_EVERY_MS = 30_000;
const MAILS_AT_ONCE = 5_000;
/** Before and after every id that is ever given. */
const FIRST = '00000000-0000-0000-0000-000000000000';
const LAST = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/**
 * How many contacts were asked and wait for a removal that nobody asks for: workflow-service, which has lost their enrolments,
 * cannot count them. Goes through the mails a piece at a time, so that no scrape and no look takes long, round after round: a
 * million mails take less than two hours, and what is found here is days late.
 */
@Injectable()
export class MeasureOverdue implements OnModuleInit {
  private readonly overdue: Gauge;
  /** The contact the round has come to. */
  private after = FIRST;
  private found = 0;

  constructor(
    registry: Registry,
    private readonly db: DataSource,
    private readonly pumps: Pumps,
    private readonly config: ContactConfig,
  ) {
    this.overdue = new Gauge({
      name: 'consent_requests_overdue',
      help: 'Contacts that did not answer, whose removal is more than a day late and was not asked for in two days, as of the last round through all. Left out before the first one ends',
      registers: [registry],
    });
    this.overdue.remove();
  }

  onModuleInit(): void {
    if (this.config.METRICS_PORT === undefined) return;
    this.pumps.register({ name: 'measure-overdue', everyMs: LOOK_EVERY_MS, run: () => this.execute() });
  }

  /** Looks at one piece. */
  async execute(): Promise<PumpResult> {
    const { upTo, overdue } = await inEveryTenant(this.db, (tx) => lookAt(tx, this.after));
    this.found += overdue;
    this.after = upTo;
    if (upTo === LAST) {
      this.overdue.set(this.found);
      this.after = FIRST;
      this.found = 0;
    }
    return 'idle';
  }
}

/** How many are overdue among the contacts after this one, up to the last of some mails. */
async function lookAt(tx: EntityManager, after: string): Promise<{ readonly upTo: string; readonly overdue: number }> {
  const upTo = await endOfPiece(tx, after);
  const byTenant = Map.groupBy(await suspectsOf(tx, after, upTo), ({ tenantId }) => tenantId);
  let overdue = 0;
  for (const [tenantId, suspects] of byTenant) {
    const contactIds = suspects.map(({ contactId }) => contactId);
    const standings = await standingsOf(tx, { tenantId, contactIds, showHolds: true });
    overdue += standings.filter((standing) => standing.overdue).length;
  }
  return { upTo, overdue };
}

async function endOfPiece(tx: EntityManager, after: string): Promise<string> {
  // The planner takes the condition of row-level security for one that drops nearly everything, and would read whole tables.
  await tx.query(`SELECT set_config(name, 'off', true)
    FROM unnest(ARRAY['enable_seqscan', 'enable_bitmapscan', 'enable_sort', 'jit']) AS name`);
  const [end]: { contact_id: string }[] = await tx.query(
    'SELECT contact_id FROM opt_in_ask WHERE contact_id > $1 ORDER BY contact_id OFFSET $2 LIMIT 1',
    [after, MAILS_AT_ONCE - 1],
  );
  return end?.contact_id ?? LAST;
}

interface Suspect {
  readonly tenantId: string;
  readonly contactId: string;
}

/** All that may be overdue, and few others: where they stand is said by the rule. */
function suspectsOf(tx: EntityManager, after: string, upTo: string): Promise<Suspect[]> {
  return tx.query(
    `SELECT DISTINCT ask.tenant_id AS "tenantId", ask.contact_id AS "contactId"
     FROM (SELECT * FROM opt_in_ask WHERE contact_id > $1 AND contact_id <= $2 OFFSET 0) AS ask
     CROSS JOIN LATERAL (SELECT * FROM contact WHERE id = ask.contact_id OFFSET 0) AS contact
     WHERE ask.accepted_at + (ask.grace_seconds + 86400) * interval '1 second' < clock_timestamp()
       AND ask.grace_seconds > 0 AND ask.stopped_at IS NULL AND ask.bounce_kind IS NULL
       AND contact.state = 'active' AND contact.consent <> 'opted-in' AND contact.candidate_subject IS NULL`,
    [after, upTo],
  );
}
