import { Injectable, Logger } from '@nestjs/common';
import { KafkaBatchServer, Relay, safeError } from '#messaging';
import { DatabaseLink } from './database-link.js';
import { Pumps } from './pump.js';
import { Readiness } from './readiness.js';

/**
 * The order in which the parts of a service begin and end, in one place. They begin once the database is usable;
 * before that the service answers its health only.
 */
@Injectable()
export class ServiceLifecycle {
  private readonly logger = new Logger(ServiceLifecycle.name);
  private started = false;
  private stopping = false;

  constructor(
    private readonly database: DatabaseLink,
    private readonly relay: Relay,
    private readonly consumer: KafkaBatchServer,
    private readonly pumps: Pumps,
    private readonly readiness: Readiness,
  ) {}

  /** Returns at once; `/health/ready` tells how far it is. */
  start(consume: () => Promise<unknown>): void {
    this.begin(consume).catch((error: unknown) => {
      this.readiness.set('starting', 'starting: failed');
      this.logger.fatal({ msg: 'start failed', error: safeError(error) });
      throw error;
    });
  }

  private async begin(consume: () => Promise<unknown>): Promise<void> {
    if (!(await this.database.connect())) return;
    this.started = true;
    this.relay.start();
    await consume();
    this.readiness.watch(() => this.relay.problems());
    this.readiness.watch(() => this.consumer.problems());
    this.readiness.watch(() => this.pumps.problems());
    this.readiness.clear('starting');
    // A restored database may hold work for people who have been expunged since: it learns of them first.
    await this.consumer.caughtUp();
    if (!this.stopping) this.pumps.start();
  }

  /** Not ready, then no new work: stops waiting for the database and stops consuming. Requests are still answered. */
  async stopTakingWork(): Promise<void> {
    this.stopping = true;
    this.readiness.set('stopping', 'stopping');
    this.database.stop();
    if (this.started) await this.consumer.stop();
  }

  /** Ends what is under way, then sends what was committed: the relay is last because pumps write to the outbox. */
  async finishWork(): Promise<void> {
    if (!this.started) return;
    await this.pumps.stop();
    await this.relay.stop();
  }
}
