import { Type } from 'class-transformer';
import { IsInt, IsUUID, Max, Min, ValidateNested } from 'class-validator';
import { type FindOptionsWhere, type EntityManager, MoreThan } from 'typeorm';
import { Optional } from '#service';
import { Hold } from './hold.js';
import { HoldView, holdViewOf } from './hold-view.js';

export class HoldsPage {
  @Optional() @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `next` of the page before. */
  @Optional() @IsUUID() after?: string;
}

export class Holds {
  @ValidateNested({ each: true }) @Type(() => HoldView) items: HoldView[];
  /** To be given as `after` for the next page; absent on the last one. */
  @Optional() @IsUUID() next?: string;
}

/** A page of holds in the order in which they were placed, by keyset: their ids grow with time. */
export async function pageOfHolds(
  tx: EntityManager,
  which: FindOptionsWhere<Hold>,
  { limit, after }: HoldsPage,
): Promise<Holds> {
  const where = { ...which, ...(after === undefined ? {} : { id: MoreThan(after) }) };
  const holds = await tx.find(Hold, { where, order: { id: 'ASC' }, take: limit + 1 });
  const items = holds.slice(0, limit).map(holdViewOf);
  return holds.length > limit ? { items, next: items.at(-1)?.id } : { items };
}
