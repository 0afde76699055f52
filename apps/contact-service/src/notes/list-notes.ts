import { Injectable } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsInt, IsUUID, Max, Min } from 'class-validator';
import { DataSource, MoreThan } from 'typeorm';
import { Optional } from '#service';
import { Note, type NoteView, noteViewOf } from './note.js';
import { ReadContact } from '../contacts/read-contact.js';

export class NotesPage {
  @Optional() @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `next` of the page before. */
  @Optional() @IsUUID() after?: string;
}

/** The notes about a contact, oldest first. */
@Injectable()
export class ListNotes {
  constructor(
    private readonly db: DataSource,
    private readonly readContact: ReadContact,
  ) {}

  async execute(
    tenantId: string,
    contactId: string,
    { limit, after }: NotesPage,
  ): Promise<{ items: NoteView[]; next?: string }> {
    await this.readContact.execute(tenantId, contactId);
    const notes = await this.db.manager.find(Note, {
      where: { tenantId, contactId, ...(after ? { id: MoreThan(after) } : {}) },
      order: { id: 'ASC' },
      take: limit + 1,
    });
    const items = notes.slice(0, limit).map(noteViewOf);
    return notes.length > limit ? { items, next: items.at(-1)?.id } : { items };
  }
}
