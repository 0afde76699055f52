import { Injectable } from '@nestjs/common';
import { Counter, Histogram, Registry } from 'prom-client';
import type { Binding, Parsed } from './parse-record.js';

/** From a handler of one message to a full chunk on a busy database. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

const OUTCOMES = ['handled', 'repeated', 'parked'] as const;
type Outcome = (typeof OUTCOMES)[number];

/** How many messages were handled, and how long their handlers took. One observation for each call, however many messages. */
@Injectable()
export class MeasureMessages {
  private readonly seconds: Histogram<'message' | 'handler'>;
  private readonly messages: Counter<'message' | 'outcome'>;

  constructor(registry: Registry) {
    this.seconds = new Histogram({
      name: 'message_handling_duration_seconds',
      help: 'One call of a handler, with as many messages as were there',
      labelNames: ['message', 'handler'],
      buckets: SECONDS,
      registers: [registry],
    });
    this.messages = new Counter({
      name: 'messages_total',
      help: 'Messages by what became of them: handled, repeated (known already) or parked (a dead letter)',
      labelNames: ['message', 'outcome'],
      registers: [registry],
    });
  }

  /** Shows them with 0 from the start, so that the first one is seen to come. */
  expect(bindings: Iterable<Binding>): void {
    for (const { message } of bindings) {
      for (const outcome of OUTCOMES) this.messages.inc({ message: message.type, outcome }, 0);
    }
  }

  /** Begins a call of a handler; call the result when it has ended, however. */
  handling({ message, handler }: Binding): () => void {
    const begun = performance.now();
    const labels = { message: message.type, handler: handler.constructor.name };
    return () => this.seconds.observe(labels, (performance.now() - begun) / 1_000);
  }

  /** What is committed. */
  count(parsed: readonly Parsed[], outcome: Outcome): void {
    const counts = new Map<string, number>();
    for (const one of parsed) {
      if (one.kind === 'ignored') continue;
      const type = one.kind === 'message' ? one.binding.message.type : one.type;
      counts.set(type, (counts.get(type) ?? 0) + 1);
    }
    for (const [message, count] of counts) this.messages.inc({ message, outcome }, count);
  }
}
