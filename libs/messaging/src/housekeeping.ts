import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RETENTION_MS } from '#contracts';
import { DEAD_LETTER_RETENTION_DAYS } from './dead-letters.js';

const CHUNK = 10_000;
const DAY_MS = 24 * 60 * 60 * 1000;
/** A message can come again for as long as its topic keeps it, so its id is kept a day longer. */
const INBOX_RETENTION_MS = RETENTION_MS + DAY_MS;

/** Ends what has a stated end: ids of handled messages, and dead letters nobody repaired. */
@Injectable()
export class Housekeeping {
  constructor(private readonly db: DataSource) {}

  /** Deletes one bounded chunk; 'more' when there may be another. */
  async execute(): Promise<'more' | 'idle'> {
    const [, ids]: [unknown, number] = await this.db.query(
      `DELETE FROM inbox WHERE id IN (
         SELECT id FROM inbox WHERE received_at < now() - $1 * interval '1 millisecond' LIMIT $2)`,
      [INBOX_RETENTION_MS, CHUNK],
    );
    const [, letters]: [unknown, number] = await this.db.query(
      `DELETE FROM dead_letter WHERE id IN (
         SELECT id FROM dead_letter WHERE last_at < now() - $1 * interval '1 day' LIMIT $2)`,
      [DEAD_LETTER_RETENTION_DAYS, CHUNK],
    );
    return ids === CHUNK || letters === CHUNK ? 'more' : 'idle';
  }
}
