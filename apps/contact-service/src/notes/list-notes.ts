import { Injectable } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsInt, IsUUID, Max, Min, ValidateNested } from 'class-validator';
import { DataSource, MoreThan } from 'typeorm';
import { inTenant } from '#messaging';
import { Optional } from '#service';
import { lookAtContact } from '../contacts/read-contact.js';
import { Note, NoteView, noteViewOf } from './note.js';

export class NotesPage {
  @Optional() @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `next` of the page before. */
  @Optional() @IsUUID() after?: string;
}

export class Notes {
  @ValidateNested({ each: true }) @Type(() => NoteView) items: NoteView[];
  /** To be given as `after` for the next page; absent on the last one. */
  @Optional() @IsUUID() next?: string;
}

/** The notes about a contact, oldest first. */
@Injectable()
export class ListNotes {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, contactId: string, { limit, after }: NotesPage): Promise<Notes> {
    const notes = await inTenant(this.db, tenantId, async (tx) => {
      await lookAtContact(tx, tenantId, contactId);
      return tx.find(Note, {
        where: { tenantId, contactId, ...(after ? { id: MoreThan(after) } : {}) },
        order: { id: 'ASC' },
        take: limit + 1,
      });
    });
    const items = notes.slice(0, limit).map(noteViewOf);
    return notes.length > limit ? { items, next: items.at(-1)?.id } : { items };
  }
}
