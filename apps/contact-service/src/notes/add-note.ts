import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { MultilineText, type TenantCaller } from '#service';
import { lockContactForChange } from '../contacts/lock-contact.js';
import { Note, type NoteView, noteViewOf } from './note.js';

export class NewNote {
  @MultilineText(10_000) body: string;
}

@Injectable()
export class AddNote {
  constructor(private readonly db: DataSource) {}

  async execute({ tenantId, subject }: TenantCaller, contactId: string, { body }: NewNote): Promise<NoteView> {
    return this.db.transaction(async (tx) => {
      await lockContactForChange(tx, tenantId, contactId);
      const written = { id: uuidv7(), tenantId, contactId, authorSubject: subject, body, createdAt: new Date() };
      const note = tx.create(Note, written);
      await tx.insert(Note, note);
      return noteViewOf(note);
    });
  }
}
