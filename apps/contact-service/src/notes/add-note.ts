import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { inTenant } from '#messaging';
import { Audit, Example, MultilineText, type TenantCaller } from '#service';
import { lockContactForChange } from '../contacts/lock-contact.js';
import { Note, type NoteView, noteViewOf } from './note.js';

@Example({ body: 'Prefers to be called in the afternoon.' })
export class NewNote {
  @MultilineText(10_000) body: string;
}

@Injectable()
export class AddNote {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
  ) {}

  async execute(caller: TenantCaller, contactId: string, { body }: NewNote): Promise<NoteView> {
    const { tenantId, subject } = caller;
    return inTenant(this.db, tenantId, async (tx) => {
      await lockContactForChange(tx, tenantId, contactId);
      const written = { id: uuidv7(), tenantId, contactId, authorSubject: subject, body, createdAt: new Date() };
      const note = tx.create(Note, written);
      await tx.insert(Note, note);
      await this.audit.record(tx, caller, { tenantId, action: 'note.added', target: note.id, detail: { contactId } });
      return noteViewOf(note);
    });
  }
}
