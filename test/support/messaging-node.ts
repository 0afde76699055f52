import { type DynamicModule, type INestApplicationContext, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import type { Outgoing } from '#contracts';
import { waitUntil } from '#local';
import {
  DeadLetters,
  handlersOf,
  Housekeeping,
  KafkaBatchServer,
  type KafkaConnection,
  MESSAGING_DATABASE,
  MessagingModule,
  Outbox,
  Relay,
  type Subscription,
} from '#messaging';

@Module({})
class TestModule {}

/** One service process's share of messaging, on the test's database. */
export interface MessagingNode {
  readonly outbox: Outbox;
  readonly relay: Relay;
  readonly server: KafkaBatchServer;
  readonly letters: DeadLetters;
  readonly housekeeping: Housekeeping;
  /** What it measures. */
  readonly registry: Registry;
  /** Adds messages in a transaction of their own. */
  send(messages: readonly Outgoing[]): Promise<void>;
  stop(): Promise<void>;
}

export interface NodeParts {
  readonly db: DataSource;
  /** The consumer group; a new one unless told. */
  readonly group?: string;
  readonly brokers?: readonly string[];
  /** Instead of `brokers`: with TLS or a login. */
  readonly kafka?: KafkaConnection;
  readonly subscriptions?: readonly Subscription[];
}

export async function aMessagingNode(parts: NodeParts): Promise<MessagingNode> {
  const { db, group = newGroup(), subscriptions = [] } = parts;
  const kafka = parts.kafka ?? { brokers: parts.brokers ?? [] };
  const handlers: Type[] = handlersOf(subscriptions);
  const module: DynamicModule = {
    module: TestModule,
    global: true,
    imports: [MessagingModule.forService({ service: group, kafka, subscriptions })],
    providers: [{ provide: DataSource, useValue: db }, { provide: MESSAGING_DATABASE, useValue: db }, ...handlers],
    exports: [DataSource, MESSAGING_DATABASE],
  };
  const options = { logger: false, abortOnError: false } as const;
  const context: INestApplicationContext = await NestFactory.createApplicationContext(module, options);
  const [outbox, relay, server] = [context.get(Outbox), context.get(Relay), context.get(KafkaBatchServer)];
  return {
    outbox,
    relay,
    server,
    letters: context.get(DeadLetters),
    housekeeping: context.get(Housekeeping),
    registry: context.get(Registry),
    send: (messages) => db.transaction((tx) => outbox.add(tx, messages)),
    stop: async () => {
      await server.stop();
      await relay.stop();
    },
  };
}

let groups = 0;
export const newGroup = (): string => `test-${process.pid}-${groups++}`;

export const outboxSize = async (db: DataSource): Promise<number> =>
  (await db.query('SELECT count(*)::int AS n FROM outbox'))[0].n;

/** Everything that was added has been published. */
export const untilPublished = (db: DataSource): Promise<unknown> =>
  waitUntil(async () => (await outboxSize(db)) === 0 || undefined, {
    what: 'the outbox is empty',
    timeoutMs: 20_000,
  });

/** The keys of what was handled, oldest first. */
export const handledKeys = async (db: DataSource): Promise<string[]> =>
  (await db.query('SELECT key FROM handled ORDER BY n')).map((row: { key: string }) => row.key);

export const untilHandled = (db: DataSource, count: number): Promise<unknown> =>
  waitUntil(async () => (await handledKeys(db)).length >= count || undefined, {
    what: `${count} messages are handled`,
    timeoutMs: 20_000,
  });

export const untilProblem = (problems: () => string[], pattern: RegExp): Promise<unknown> =>
  waitUntil(() => problems().some((problem) => pattern.test(problem)) || undefined, {
    what: `the problem ${pattern}`,
    timeoutMs: 20_000,
  });

export const untilWell = (problems: () => string[]): Promise<unknown> =>
  waitUntil(() => problems().length === 0 || undefined, { what: 'no problems', timeoutMs: 20_000 });

/** A statement of another connection waits for a lock in this database. */
export const untilOneWaits = (db: DataSource): Promise<unknown> =>
  waitUntil(
    async () => {
      const [row] = await db.query(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return row.n > 0 || undefined;
    },
    { what: 'a statement waits for a lock', timeoutMs: 20_000 },
  );
