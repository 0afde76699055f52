import { Type } from 'class-transformer';
import { IsDate, IsIn, IsInt, IsString, IsUUID, ValidateNested } from 'class-validator';
import { Example, OrNull } from '#service';
import { type Import, IMPORT_STATES, type ImportState, LAWFUL_BASES, type LawfulBasis } from './import.js';

/** How many rows were refused for one reason. */
@Example({ reason: 'address-taken', rows: 12 })
export class RejectedRows {
  /** `no-address`, `bad-address`, `address-taken`, `suppressed`, `not-to-be-asked`, `bad-field:phone` ... */
  @IsString() reason: string;
  @IsInt() rows: number;
}

/** How far an import is. Counts of rows are without the header. */
@Example({
  id: '0197f3a0-6c1e-7d10-9a55-3f0c1f6f0b11',
  state: 'running',
  problem: null,
  source: 'Job fair 2026',
  lawfulBasis: 'legitimate-interests',
  rowsTotal: 10_000,
  rowsRead: 5_000,
  rowsImported: 4_988,
  rowsRejected: 12,
  rejected: [{ reason: 'address-taken', rows: 12 }],
  rowsPerSecond: 9_800,
  contactsUndone: 0,
  createdBy: 'recruiter-4711',
  createdAt: '2026-11-02T09:30:00.000Z',
  endedAt: null,
})
export class ImportView {
  @IsUUID() id: string;
  @IsIn(IMPORT_STATES) state: ImportState;
  /** Why it failed. */
  @OrNull() @IsString() problem: string | null;
  @OrNull() @IsString() source: string | null;
  @OrNull() @IsIn(LAWFUL_BASES) lawfulBasis: LawfulBasis | null;
  /** Null while the file is uploaded. */
  @OrNull() @IsInt() rowsTotal: number | null;
  @IsInt() rowsRead: number;
  @IsInt() rowsImported: number;
  @IsInt() rowsRejected: number;
  @ValidateNested({ each: true }) @Type(() => RejectedRows) rejected: RejectedRows[];
  @IsInt() rowsPerSecond: number;
  /** Contacts that were removed again or disabled, or whose removal has been asked for. */
  @IsInt() contactsUndone: number;
  @IsString() createdBy: string;
  @IsDate() createdAt: Date;
  /** Undoing does not change it. */
  @OrNull() @IsDate() endedAt: Date | null;
}

export function importViewOf(one: Import): ImportView {
  const { id, state, problem, lawfulBasis, rowsTotal, rowsRead, rowsImported, createdBy, createdAt, endedAt } = one;
  const rejected = Object.entries(one.rejected).map(([reason, rows]) => ({ reason, rows }));
  return {
    id,
    state,
    problem,
    source: one.sourceDetail,
    lawfulBasis,
    rowsTotal,
    rowsRead,
    rowsImported,
    rowsRejected: rejected.reduce((sum, { rows }) => sum + rows, 0),
    rejected,
    rowsPerSecond: rowsPerSecond(one),
    contactsUndone: one.undone,
    createdBy,
    createdAt,
    endedAt,
  };
}

function rowsPerSecond({ rowsRead, startedAt, endedAt }: Import): number {
  if (!startedAt) return 0;
  const ms = (endedAt ?? new Date()).getTime() - startedAt.getTime();
  return Math.round((rowsRead * 1_000) / Math.max(ms, 1));
}
