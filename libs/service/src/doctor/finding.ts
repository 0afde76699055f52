import type { DataSource } from 'typeorm';
import type { ServiceName } from '#contracts';
import type { kafkaClient } from '#messaging';
import type { MigrationClass } from '../database.js';

type Kafka = ReturnType<typeof kafkaClient>;

/** What the checks look at: the database and the brokers as the service itself sees them, with its rights. */
export interface Patient {
  readonly service: ServiceName;
  readonly db: DataSource;
  readonly admin: ReturnType<Kafka['admin']>;
  readonly migrations: readonly MigrationClass[];
  /** Certificates in use, by the variable that names the file. */
  readonly certificates: Readonly<Record<string, string>>;
  /** How many partitions topics have here, where that is another number than the declared one. */
  readonly partitions?: number;
}

/** Something is wrong: who or what it is, and what to do. One line, never with data of a person or text of a query. */
export interface Finding {
  readonly check: string;
  readonly culprit: string;
  readonly todo: string;
}

/** Looks, and judges by pure code; an empty list means that all is well. */
export type Check = (patient: Patient) => Promise<Finding[]>;

/** A moment without fractions, in UTC. */
export const at = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, 'Z');
