import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { EntityManager } from 'typeorm';
import { keyOf, type Outgoing } from '#contracts';
import { MESSAGING, type MessagingOptions } from './options.js';
import { idBytes } from './random-bytes.js';
import { SafeMessageError } from './safe-error.js';
import { toHeaders } from './cloud-event.js';
import { traceparentOf } from './trace.js';

/** Kafka's default limit of a record is 1 MiB; what is larger would block the relay for ever. */
export const MAX_MESSAGE_BYTES = 900_000;

export class MessageTooLarge extends SafeMessageError {
  constructor(type: string, bytes: number) {
    super(`The message ${type} has ${bytes} bytes; ${MAX_MESSAGE_BYTES} are allowed.`);
  }
}

/** Set on a transaction's query runner when it wrote to the outbox, so that the relay is woken after the commit. */
export const OUTBOX_WRITTEN = 'outboxWritten';

/**
 * Messages leave the service only through here: they are stored in the caller's transaction and published after its
 * commit, at least once, in the order in which they were added for a key. That order holds because the caller locks the
 * row of the contact first: add after the lock.
 */
@Injectable()
export class Outbox {
  constructor(@Inject(MESSAGING) private readonly options: MessagingOptions) {}

  /** Stores the messages with one statement. Throws {@link MessageTooLarge} before anything is written. */
  async add(tx: EntityManager, messages: readonly Outgoing[]): Promise<void> {
    if (messages.length === 0) return;
    const rows = messages.map((outgoing) => this.toRow(outgoing));
    // Headers and data go as one JSON text each, whose parts PostgreSQL stores as they were written: in arrays each quote in
    // them would be escaped, one by one.
    await tx.query(
      `INSERT INTO outbox (id, topic, key, type, headers, data)
       SELECT m.id, m.topic, m.key, m.type, m.headers, m.data::text
       FROM ROWS FROM (unnest($1::uuid[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]),
         json_array_elements($5::json), json_array_elements($6::json))
         WITH ORDINALITY AS m (id, topic, key, type, headers, data, n)
       ORDER BY m.n`,
      [
        rows.map((row) => row.id),
        rows.map((row) => row.topic),
        rows.map((row) => row.key),
        rows.map((row) => row.type),
        `[${rows.map((row) => row.headers).join()}]`,
        `[${rows.map((row) => row.data).join()}]`,
      ],
    );
    if (tx.queryRunner) tx.queryRunner.data[OUTBOX_WRITTEN] = true;
  }

  private toRow(outgoing: Outgoing) {
    const id = uuidv7({ random: idBytes(16) });
    const data = JSON.stringify(outgoing.data);
    const bytes = Buffer.byteLength(data);
    if (bytes > MAX_MESSAGE_BYTES) throw new MessageTooLarge(outgoing.message.type, bytes);
    const key = keyOf(outgoing.data);
    const about = {
      id,
      key,
      source: this.options.service,
      time: new Date(),
      traceparent: traceparentOf(key),
    };
    const headers = JSON.stringify(toHeaders(outgoing, about));
    return { id, topic: outgoing.message.topic, key, type: outgoing.message.type, headers, data };
  }
}
