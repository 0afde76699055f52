import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import type { EntityManager } from 'typeorm';
import { DatabaseReadings } from '#service';

/** Of each state; so many are enough to know. */
const MOST = 50_000;

/** Open is what the person has not been told of: it waits, is being erased, or the confirmation is on its way. */
const OPEN = ['waiting', 'erasing', 'expunged'] as const;
const STATES = [...OPEN, 'confirmation-failed'] as const;

/** Article 12 (3) of the GDPR: within one month of the request. */
const LEGAL_TIME = `interval '1 month'`;

/** How many requests are in each state that somebody must leave, how old the oldest is, and how long the law gives it. */
@Injectable()
export class MeasureRequests {
  private readonly requests: Gauge<'state'>;
  private readonly oldest: Gauge<'state'>;
  private readonly deadline: Gauge;

  constructor(registry: Registry, readings: DatabaseReadings) {
    this.requests = new Gauge({
      name: 'expunge_requests',
      help: `Requests that wait to begin, are being erased, are expunged and not confirmed, or whose confirmation failed (${MOST} of each at most are counted)`,
      labelNames: ['state'],
      registers: [registry],
    });
    this.oldest = new Gauge({
      name: 'expunge_oldest_open_age_seconds',
      help: 'Since the oldest request of each state was made that is not confirmed; 0 when there is none. What waits may wait for a hold',
      labelNames: ['state'],
      registers: [registry],
    });
    this.deadline = new Gauge({
      name: 'expunge_seconds_to_legal_deadline',
      help: 'Until the first open request is a month old; below 0 when it is. Left out when none is open',
      registers: [registry],
    });
    readings.add(this);
  }

  /** Confirmed ones are not counted: they are for ever. Nor are expunged ones without an address: nobody can be told. */
  async read(tx: EntityManager): Promise<void> {
    const rows: CountedState[] = await tx.query(
      `SELECT state, count(*)::int AS requests, extract(epoch FROM now() - min(requested_at))::float AS age,
         extract(epoch FROM min(requested_at) + ${LEGAL_TIME} - now())::float AS left
       FROM (
         (${some('waiting', `state = 'waiting'`)}) UNION ALL
         (${some('erasing', `state = 'erasing'`)}) UNION ALL
         (${some('expunged', `state = 'expunged' AND email_id IS NOT NULL AND NOT confirmation_failed`)}) UNION ALL
         (${some('confirmation-failed', 'confirmation_failed')})) AS counted
       GROUP BY state`,
      [MOST],
    );
    for (const state of STATES) this.requests.set({ state }, 0);
    for (const { state, requests } of rows) this.requests.set({ state }, requests);
    const open = rows.filter(({ state }) => OPEN.some((one) => one === state));
    for (const state of OPEN) this.oldest.set({ state }, 0);
    for (const { state, age } of open) this.oldest.set({ state }, Math.max(0, age));
    if (open.length > 0) this.deadline.set(Math.min(...open.map(({ left }) => left)));
    else this.deadline.remove();
  }

  forget(): void {
    this.requests.reset();
    this.oldest.reset();
    this.deadline.remove();
  }
}

interface CountedState {
  readonly state: (typeof STATES)[number];
  readonly requests: number;
  readonly age: number;
  readonly left: number;
}

/** The conditions are those of indexes. */
const some = (state: string, condition: string): string =>
  `SELECT '${state}' AS state, requested_at FROM expunge_request WHERE ${condition} LIMIT $1`;
