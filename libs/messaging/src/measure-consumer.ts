import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';

/** A batch of one partition, as far as its place in the partition goes. */
interface Fetched {
  readonly topic: string;
  readonly partition: number;
}

/**
 * How far behind the consumer is, in time, as far as it knows: of each partition the age of the oldest record it was given
 * and has not handled. What it was not given it does not know of; whether it hears from the broker at all is said beside it.
 */
@Injectable()
export class MeasureConsumer {
  /** Milliseconds since 1970, by topic and partition; absent where everything is handled. */
  private readonly oldest = new Map<string, Map<number, number>>();
  private heardAt = performance.now();

  constructor(registry: Registry) {
    const [oldest, heardAgo] = [this.oldest, () => (performance.now() - this.heardAt) / 1_000];
    new Gauge({
      name: 'consumer_lag_seconds',
      help: 'Age of the oldest record that this consumer was given and has not handled; 0 at the end of the topic',
      labelNames: ['topic'],
      registers: [registry],
      collect() {
        for (const [topic, partitions] of oldest) this.set({ topic }, ageOf(Math.min(...partitions.values())));
      },
    });
    new Gauge({
      name: 'consumer_last_poll_age_seconds',
      help: 'Since the consumer last heard from the broker',
      registers: [registry],
      collect() {
        this.set(heardAgo());
      },
    });
  }

  /** Shows the topics with 0 from the start, and forgets what other consumers have now. */
  assigned(topics: readonly string[]): void {
    for (const topic of topics) this.oldest.set(topic, new Map());
  }

  /** The broker has answered. */
  heard(): void {
    this.heardAt = performance.now();
  }

  /** The next record to handle was written at this time (milliseconds since 1970). */
  waiting({ topic, partition }: Fetched, writtenAt: number): void {
    this.oldest.get(topic)?.set(partition, writtenAt);
  }

  /** There is no further record in the partition. */
  atTheEnd({ topic, partition }: Fetched): void {
    this.oldest.get(topic)?.delete(partition);
  }
}

/** Of nothing, the age is 0. */
const ageOf = (writtenAt: number): number =>
  Number.isFinite(writtenAt) ? Math.max(0, (Date.now() - writtenAt) / 1_000) : 0;
