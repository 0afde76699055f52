import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { DataSource, type EntityManager, type MigrationInterface, type QueryRunner } from 'typeorm';
import { type Data, keyOf, type Message, message, type MessageClass } from '#contracts';
import { createSubjectTable } from '#erasure';
import { createMessagingTables, HeadersAsWritten1790000000000, isolateTenants, type Received } from '#messaging';
import { migrate } from '#service';
import type { Binding, KafkaRecord } from '../../libs/messaging/src/parse-record.js';
import { toHeaders } from '../../libs/messaging/src/cloud-event.js';
import { createTestDatabase } from './database.js';

class CreateTables1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createMessagingTables(runner);
    await createSubjectTable(runner);
    await runner.query('CREATE TABLE held (tenant_id uuid NOT NULL, contact_id uuid, what text)');
    await runner.query('CREATE TABLE handled (n bigserial, key text, type text, id uuid, batch int, bound_to text)');
    await isolateTenants(runner, ['subject', 'held']);
  }
  async down(): Promise<void> {}
}

/** What the tests provoke is logged as an error; that is expected and only hides what is not. */
Logger.overrideLogger(false);

/** A database with the tables of messaging and one that tells what was handled. */
export async function aMessagingDatabase(): Promise<DataSource> {
  const { ownerUrl, appUrl } = await createTestDatabase();
  await migrate('messaging-test', ownerUrl, [CreateTables1764000000000, HeadersAsWritten1790000000000]);
  return new DataSource({ type: 'postgres', url: appUrl, poolSize: 6 }).initialize();
}

/** The test's own connection to the same database, which sees every tenant. */
export const everyTenantOf = (db: DataSource): Promise<DataSource> => {
  const { url } = db.options as { url?: string };
  return new DataSource({ type: 'postgres', url, extra: { options: '-c app.tenant_id=all' } }).initialize();
};

/** Writes what it is given into `handled`, and the tenant it was bound to. */
export class Remember {
  async handle(messages: readonly Received<Message>[], tx: EntityManager): Promise<void> {
    for (const { data, id } of messages) {
      await tx.query(
        `INSERT INTO handled (key, type, id, batch, bound_to) VALUES ($1, $2, $3, $4, current_setting('app.tenant_id', true))`,
        [keyOf(data), data.constructor.name, id, messages.length],
      );
    }
  }
}

export const bindingsOf = (types: readonly MessageClass[], handler: Binding['handler'] = new Remember()) =>
  new Map(types.map((type): [string, Binding] => [type.type, { message: type, handler }]));

let offset = 0;

/** A record as Kafka would deliver it. */
export function aRecord<M extends Message>(
  type: MessageClass<M>,
  data: Data<M>,
  given: Partial<KafkaRecord> & { id?: string } = {},
): KafkaRecord {
  const { id = randomUUID(), ...rest } = given;
  const key = keyOf(data as Data<Message>);
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const headers = toHeaders(message(type, data), { id, key, source: 'test', time: new Date(), traceparent });
  return {
    topic: type.topic,
    partition: 0,
    offset: String(offset++),
    key,
    headers,
    value: Buffer.from(JSON.stringify(data)),
    ...rest,
  };
}
