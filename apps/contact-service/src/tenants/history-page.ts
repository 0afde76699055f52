import { Type } from 'class-transformer';
import { IsInt, IsUUID, Max, Min } from 'class-validator';
import type { EntityManager } from 'typeorm';
import { type ClassOf, Optional } from '#service';

export class HistoryPage {
  @Optional() @Type(() => Number) @IsInt() @Min(1) @Max(100) limit: number = 20;
  /** `next` of the page before: the id of its oldest line. */
  @Optional() @IsUUID() before?: string;
}

interface Line {
  readonly id: string;
  readonly tenantId: string;
}

/** A page of what happened to a client company, newest first. `at` is the property with the time. */
export async function historyOf<T extends Line>(
  tx: EntityManager,
  entity: ClassOf<T>,
  at: keyof T & string,
  tenantId: string,
  { limit, before }: HistoryPage,
): Promise<{ lines: T[]; next?: string }> {
  const query = tx.createQueryBuilder(entity, 'line').where('line.tenantId = :tenantId', { tenantId });
  if (before !== undefined) {
    const last = query.subQuery().select(`last.${at}`).addSelect('last.id').from(entity, 'last');
    const ofTenant = last.where('last.id = :before AND last.tenantId = :tenantId').getQuery();
    query.andWhere(`(line.${at}, line.id) < ${ofTenant}`, { before });
  }
  const found = await query
    .orderBy(`line.${at}`, 'DESC')
    .addOrderBy('line.id', 'DESC')
    .limit(limit + 1)
    .getMany();
  const lines = found.slice(0, limit);
  return found.length > limit ? { lines, next: lines.at(-1)?.id } : { lines };
}
