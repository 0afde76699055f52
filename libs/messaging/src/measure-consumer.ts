import { Injectable } from '@nestjs/common';
import type { Batch } from 'kafkajs';
import { Gauge, Registry } from 'prom-client';

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
  waiting({ topic, partition }: Batch, writtenAt: number): void {
    this.oldest.get(topic)?.set(partition, writtenAt);
  }

  /** All of a batch. What comes next in the partition is at least as new as its last record; at the end nothing does. */
  handled(batch: Batch): void {
    const last = batch.messages.at(-1);
    if (last === undefined || batch.offsetLag() === '0') this.oldest.get(batch.topic)?.delete(batch.partition);
    else this.waiting(batch, Number(last.timestamp));
  }
}

/** Of nothing, the age is 0. */
const ageOf = (writtenAt: number): number =>
  Number.isFinite(writtenAt) ? Math.max(0, (Date.now() - writtenAt) / 1_000) : 0;
