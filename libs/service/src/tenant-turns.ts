import { Logger } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { inEveryTenant, inTenant, safeError } from '#messaging';
import { type PumpResult, pauseAfter } from './pump.js';

/** Work of one tenant. */
export interface TenantWork {
  readonly tenantId: string;
}

export interface Turn<Work extends TenantWork> {
  /** Looks, without locks and in every tenant, for work of one tenant that is not among those to pass over. */
  readonly find: (tx: EntityManager, passOver: readonly string[]) => Promise<Work | undefined>;
  /** Does it, in a transaction that is bound to that tenant. */
  readonly run: (tx: EntityManager, work: Work) => Promise<void>;
}

interface Failing {
  readonly failures: number;
  readonly until: number;
}

/**
 * Lets a pump work for one tenant after the other. A tenant whose work fails is logged and passed over for a while, longer
 * each time (doubling to one minute) and for ever tried again; the others go on meanwhile. Only a look that fails stops the
 * pump: then it is the database that is away.
 */
export class TenantTurns<Work extends TenantWork> {
  private readonly logger = new Logger(TenantTurns.name);
  private readonly failing = new Map<string, Failing>();

  constructor(
    private readonly pump: { readonly name: string; readonly everyMs: number },
    private readonly turn: Turn<Work>,
  ) {}

  /** One tenant's turn; 'more' when there may be others. */
  async next(db: DataSource): Promise<PumpResult> {
    const work = await inEveryTenant(db, (tx) => this.turn.find(tx, this.passedOver()));
    if (!work) return 'idle';
    try {
      await inTenant(db, work.tenantId, (tx) => this.turn.run(tx, work));
      this.failing.delete(work.tenantId);
    } catch (error) {
      this.failed(work.tenantId, error);
    }
    return 'more';
  }

  private passedOver(): string[] {
    const now = performance.now();
    return [...this.failing].filter(([, { until }]) => until > now).map(([tenantId]) => tenantId);
  }

  private failed(tenantId: string, error: unknown): void {
    const failures = (this.failing.get(tenantId)?.failures ?? 0) + 1;
    const pauseMs = pauseAfter(failures, this.pump.everyMs);
    this.failing.set(tenantId, { failures, until: performance.now() + pauseMs });
    const { name } = this.pump;
    this.logger.error({ msg: 'pump failed for one tenant', pump: name, tenantId, pauseMs, error: safeError(error) });
  }
}
