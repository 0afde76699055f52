import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { isUUID } from 'class-validator';
import type { Request } from 'express';
import { DataSource } from 'typeorm';
import { inTenant, safeError } from '#messaging';
import { callerOfRequest, type VerifiedCaller } from '../access/caller.js';
import { RouteTable } from '../access/route-table.js';
import type { Problem } from '../problem.js';
import { type Actor, addAuditRows, type AuditEntry } from './audit.js';

/** Whoever belongs to no tenant and named none. */
export const NO_TENANT = '00000000-0000-0000-0000-000000000000';

const REFUSALS = new Set([400, 403, 404, 409, 410, 422]);
const READING = new Set(['GET', 'HEAD', 'OPTIONS']);
const TENANT_PATH = /^\/v1\/tenants\/:id(\/|$)/;
/** A script that is refused all day fills no disk; a person never gets here. */
const MOST_A_MINUTE = 60;
const MINUTE_MS = 60_000;
const PATIENCE_MS = 2_000;

/**
 * Records what a known caller was refused: 403 everywhere, a look at something that is not there or not theirs, other
 * refusals where something would have changed. The entry is there before the answer; when the database does not take it
 * within 2 s the answer goes out as it is and the log says so. Of one caller at most 60 a minute and process; the last of
 * them says `limit: true`.
 */
@Injectable()
export class RefusedAttempts {
  private readonly logger = new Logger(RefusedAttempts.name);
  private readonly counts = new Map<string, number>();
  private minute = 0;

  constructor(
    private readonly db: DataSource,
    private readonly routes: RouteTable,
  ) {}

  async record(request: Request, problem: Problem): Promise<void> {
    const caller = callerOfRequest(request);
    if (!caller || !isRefusal(request, problem)) return;
    const tenantId = caller.tenantId ?? tenantOfPath(request) ?? NO_TENANT;
    const count = this.count(`${tenantId} ${caller.subject}`);
    if (count > MOST_A_MINUTE) return;
    const detail: Record<string, string | number | boolean> = { code: problem.code, status: problem.status };
    if (count === MOST_A_MINUTE) detail.limit = true;
    const entry = { tenantId, action: `${request.method} ${routeOf(request)}`, target: uuidOfPath(request), detail };
    await this.within(PATIENCE_MS, this.write(this.actorOf(caller, entry.action), entry));
  }

  /** On the own account a person acts as one, whatever else the token allows. */
  private actorOf(caller: VerifiedCaller, route: string): Actor {
    const access = this.routes.accessTo(route);
    const own = access !== 'public' && access?.every((role) => role === 'candidate');
    return own && caller.roles.includes('candidate') ? 'candidate' : caller;
  }

  private async write(actor: Actor, entry: AuditEntry): Promise<void> {
    try {
      await inTenant(this.db, entry.tenantId, (tx) => addAuditRows(tx, actor, [entry], 'refused'));
    } catch (error) {
      this.logger.error({ msg: 'refused attempt not recorded', action: entry.action, error: safeError(error) });
    }
  }

  private async within(ms: number, work: Promise<void>): Promise<void> {
    const done = new AbortController();
    const tooLate = sleep(ms, 'too-late', { signal: done.signal, ref: false }).catch(() => 'in-time');
    const outcome = await Promise.race([work, tooLate]);
    done.abort();
    if (outcome === 'too-late') this.logger.error({ msg: 'refused attempt not recorded before its answer' });
  }

  /** Forgets everybody when the minute ends, so it is as small as the callers of one minute are few. */
  private count(who: string): number {
    const minute = Math.floor(performance.now() / MINUTE_MS);
    if (minute !== this.minute) this.counts.clear();
    this.minute = minute;
    const count = (this.counts.get(who) ?? 0) + 1;
    this.counts.set(who, count);
    return count;
  }
}

function isRefusal(request: Request, { status }: Problem): boolean {
  if (status === 403) return true;
  if (READING.has(request.method)) return status === 404 && uuidOfPath(request) !== undefined;
  return REFUSALS.has(status);
}

/** The pattern, as in the table of routes: an address may hold what somebody typed. */
const routeOf = (request: Request): string => (request.route as { path: string }).path;

function uuidOfPath(request: Request): string | undefined {
  const id: unknown = request.params.id;
  return isUUID(id) ? String(id).toLowerCase() : undefined;
}

/** Staff of the vendor belong to no tenant and act on the one in the path: it may see who tried. */
const tenantOfPath = (request: Request): string | undefined =>
  TENANT_PATH.test(routeOf(request)) ? uuidOfPath(request) : undefined;
