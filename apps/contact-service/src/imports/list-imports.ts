import { Injectable } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsInt, IsUUID, Max, Min, ValidateNested } from 'class-validator';
import { DataSource, LessThan } from 'typeorm';
import { inTenant } from '#messaging';
import { Optional } from '#service';
import { Import } from './import.js';
import { ImportView, importViewOf } from './import-view.js';

export class ImportsPage {
  @Optional() @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `next` of the page before. */
  @Optional() @IsUUID() after?: string;
}

export class Imports {
  @ValidateNested({ each: true }) @Type(() => ImportView) items: ImportView[];
  /** To be given as `after` for the next page; absent on the last one. */
  @Optional() @IsUUID() next?: string;
}

/** Imports of a client company, the newest first, by keyset: their ids grow with time. */
@Injectable()
export class ListImports {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, { limit, after }: ImportsPage): Promise<Imports> {
    const where = { tenantId, ...(after === undefined ? {} : { id: LessThan(after) }) };
    const found = await inTenant(this.db, tenantId, (tx) =>
      tx.find(Import, { where, order: { id: 'DESC' }, take: limit + 1 }),
    );
    const items = found.slice(0, limit).map(importViewOf);
    return found.length > limit ? { items, next: items.at(-1)?.id } : { items };
  }
}
