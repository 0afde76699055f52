import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { StagedEncoding } from './csv/text-bytes.js';

export const IMPORT_STATES = ['uploading', 'running', 'done', 'cancelled', 'failed', 'undoing', 'undone'] as const;
/** `running` also while it waits for an earlier one of the company. */
export type ImportState = (typeof IMPORT_STATES)[number];

/** The six reasons of GDPR 6 (1) for which data of a person may be held. */
export const LAWFUL_BASES = [
  'consent',
  'contract',
  'legal-obligation',
  'vital-interests',
  'public-task',
  'legitimate-interests',
] as const;
export type LawfulBasis = (typeof LAWFUL_BASES)[number];

/** A file that a company adds contacts from, and how far that is. Counts and names of columns; nothing of any row. */
@Entity('import')
export class Import {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('text') state: ImportState;
  /** Why it failed, as a code. */
  @Column('text', { nullable: true }) problem: string | null;
  /** For rows that do not say so themselves. */
  @Column('text', { name: 'source_detail', nullable: true }) sourceDetail: string | null;
  @Column('text', { name: 'lawful_basis', nullable: true }) lawfulBasis: LawfulBasis | null;
  @Column('text', { array: true }) columns: string[];
  @Column('text', { nullable: true }) delimiter: string | null;
  @Column('text', { nullable: true }) encoding: StagedEncoding | null;
  @Column('int', { name: 'rows_total', nullable: true }) rowsTotal: number | null;
  /** The position: so many rows, from the first one on, are dealt with. */
  @Column('int', { name: 'rows_read' }) rowsRead: number;
  @Column('int', { name: 'rows_imported' }) rowsImported: number;
  /** Numbers of rows by reason. */
  @Column('jsonb') rejected: Record<string, number>;
  /** How many of its contacts were removed again. */
  @Column('int') undone: number;
  @Column('text', { name: 'created_by' }) createdBy: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'started_at', nullable: true }) startedAt: Date | null;
  /** When the last row was dealt with, or it was called off or given up. Taking it back later does not change it. */
  @Column('timestamptz', { name: 'ended_at', nullable: true }) endedAt: Date | null;
  /** Not any more when the rows of the report are deleted. */
  @Column('boolean', { name: 'report_kept' }) reportKept: boolean;
}
