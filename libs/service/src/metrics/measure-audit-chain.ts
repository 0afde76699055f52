import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { type ChainHead, NO_LINK } from '../audit/audit-chain.js';
import { checkNextLinks, findChainAfter } from '../audit/check-audit-chain.js';
import { findVanished } from '../audit/count-audit-rows.js';
import { ServiceConfig } from '../config.js';
import { type PumpResult, Pumps } from '../pump.js';

const LOOK_EVERY_MS = 30_000;
const CHAINS_AT_ONCE = 50;

/**
 * Recomputes the chains of the audit log from time to time, a piece at a time (2,000 links or 50 chains every 30 s), round after
 * round. What `audit:verify` says beyond that, where it is broken and about rows that were never chained, takes that command.
 */
@Injectable()
export class MeasureAuditChain implements OnModuleInit {
  private readonly logger = new Logger('audit');
  private readonly broken: Gauge;
  private readonly checkedAt: Gauge;
  /** The chain the round has come to, and how far into it; undefined between two rounds. */
  private place: { readonly tenantId: string; readonly head: ChainHead } | undefined;
  private breaches = 0;
  /** How long each chain was: one that is shorter has lost its end. */
  private readonly lengths = new Map<string, number>();

  constructor(
    registry: Registry,
    private readonly db: DataSource,
    private readonly pumps: Pumps,
    private readonly config: ServiceConfig,
  ) {
    this.broken = new Gauge({
      name: 'audit_chain_broken',
      help: '1 when the audit log is not what was written; 0 again after a round without a finding',
      registers: [registry],
    });
    this.checkedAt = new Gauge({
      name: 'audit_chain_checked_timestamp_seconds',
      help: 'When the last round through all chains of the audit log ended',
      registers: [registry],
    });
    for (const gauge of [this.broken, this.checkedAt]) gauge.remove();
  }

  onModuleInit(): void {
    if (this.config.METRICS_PORT === undefined) return;
    this.pumps.register({ name: 'check-audit-chain', everyMs: LOOK_EVERY_MS, run: () => this.execute() });
  }

  /** Checks one piece. */
  async execute(): Promise<PumpResult> {
    for (let chains = 0; chains < CHAINS_AT_ONCE; chains += 1) {
      const tenantId = this.place?.tenantId ?? (await findChainAfter(this.db));
      if (tenantId === undefined) {
        await this.endRound();
        break;
      }
      if (await this.checkPiece(tenantId, this.place?.head ?? NO_LINK)) break;
      const next = await findChainAfter(this.db, tenantId);
      if (next === undefined) {
        await this.endRound();
        break;
      }
      this.place = { tenantId: next, head: NO_LINK };
    }
    return 'idle';
  }

  /** True when there is more of this chain. */
  private async checkPiece(tenantId: string, from: ChainHead): Promise<boolean> {
    const { head, breach, more } = await checkNextLinks(this.db, tenantId, from);
    if (breach) this.found({ tenantId, entry: breach.n });
    else if (!more && head.n < (this.lengths.get(tenantId) ?? 0)) this.found({ tenantId, entry: head.n + 1 });
    if (!breach && !more) this.lengths.set(tenantId, Math.max(head.n, this.lengths.get(tenantId) ?? 0));
    this.place = { tenantId, head };
    return more;
  }

  private async endRound(): Promise<void> {
    const vanished = await findVanished(this.db);
    if (vanished !== undefined) this.found({ row: vanished });
    this.broken.set(this.breaches > 0 ? 1 : 0);
    this.checkedAt.set(Date.now() / 1_000);
    this.breaches = 0;
    this.place = undefined;
  }

  private found(where: Readonly<Record<string, string | number>>): void {
    this.breaches += 1;
    this.broken.set(1);
    this.logger.error({ msg: 'the audit log is not as it was written; run audit:verify', ...where });
  }
}
