import { Injectable } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsUUID, Max, Min, ValidateNested } from 'class-validator';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { Optional, type TenantCaller } from '#service';
import { countStandings, maySeeHolds, standingsOf } from './consent-state.js';
import { CONSENT_STATES, type ConsentState } from './standing.decision.js';
import { ConsentStanding, standingViewOf } from './consent-view.js';

/** How many contacts one page looks at, at most, to find those in one state. */
const LOOK_AT = 5_000;
const COUNT_AT_MOST = 20_000;

export class ConsentRequestsPage {
  @IsUUID() workflowId: string;
  @Optional() @IsIn(CONSENT_STATES) state?: ConsentState;
  /** Only those whose removal is more than a day late, and nobody has asked for it for two days. */
  @Optional() @IsIn(['true']) overdue?: 'true';
  @Optional() @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `next` of the page before. */
  @Optional() @IsUUID() cursor?: string;
}

export class ConsentCount {
  @IsIn(CONSENT_STATES) state: ConsentState;
  @IsInt() @Min(1) contacts: number;
}

export class ConsentRequests {
  @ValidateNested({ each: true }) @Type(() => ConsentStanding) items: ConsentStanding[];
  /** To be given as `cursor` for the next page; absent on the last one. A page may be short, or empty, and have one. */
  @Optional() @IsUUID() next?: string;
  /** How many contacts are in each state that occurs; on the first page only. */
  @Optional() @ValidateNested({ each: true }) @Type(() => ConsentCount) counts?: ConsentCount[];
  /** False when the workflow has asked more contacts than are counted. */
  @Optional() @IsBoolean() countedAll?: boolean;
}

/**
 * Who was asked by a workflow and where they stand, in the order of their ids. Every page is one walk along one index and
 * looks at no more than a set number of contacts, so it costs the same whatever is stored.
 */
@Injectable()
export class ListConsentRequests {
  constructor(private readonly db: DataSource) {}

  async execute(caller: TenantCaller, page: ConsentRequestsPage): Promise<ConsentRequests> {
    const { tenantId } = caller;
    const look = { tenantId, workflowId: page.workflowId, showHolds: maySeeHolds(caller) };
    return inTenant(this.db, tenantId, async (tx) => ({
      ...(await pageOf(tx, look, page)),
      ...(page.cursor === undefined ? await countsOf(tx, look) : {}),
    }));
  }
}

interface WorkflowLook {
  readonly tenantId: string;
  readonly workflowId: string;
  readonly showHolds: boolean;
}

async function pageOf(tx: EntityManager, look: WorkflowLook, { state, overdue, limit, cursor }: ConsentRequestsPage) {
  const lookAt = state === undefined && overdue === undefined ? limit + 1 : LOOK_AT;
  const contactIds = await askedBy(tx, look, { after: cursor ?? FIRST_ID, limit: lookAt });
  const standings = await standingsOf(tx, { ...look, contactIds });
  const found = standings.filter(
    (one) => (state === undefined || one.state === state) && (overdue === undefined || one.overdue),
  );
  const items = found.slice(0, limit).map(standingViewOf);
  const lastLookedAt = contactIds.length === lookAt ? contactIds.at(-1) : undefined;
  const next = found.length > limit ? items.at(-1)?.contactId : lastLookedAt;
  return next === undefined ? { items } : { items, next };
}

async function countsOf(tx: EntityManager, look: WorkflowLook) {
  const contactIds = await askedBy(tx, look, { after: FIRST_ID, limit: COUNT_AT_MOST + 1 });
  const counts = await countStandings(tx, { ...look, contactIds: contactIds.slice(0, COUNT_AT_MOST) });
  return { counts, countedAll: contactIds.length <= COUNT_AT_MOST };
}

/** The contacts a workflow has asked, after one of them. */
async function askedBy(
  tx: EntityManager,
  { tenantId, workflowId }: WorkflowLook,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<string[]> {
  const rows: { contact_id: string }[] = await tx.query(
    `SELECT DISTINCT contact_id FROM opt_in_ask WHERE tenant_id = $1 AND workflow_id = $2 AND contact_id > $3
     ORDER BY contact_id LIMIT $4`,
    [tenantId, workflowId, after, limit],
  );
  return rows.map((row) => row.contact_id);
}

/** Before every id that is ever given. */
const FIRST_ID = '00000000-0000-0000-0000-000000000000';
