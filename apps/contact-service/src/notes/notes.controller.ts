import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { Caller, Roles, TenantCaller, UuidParam } from '#service';
import { AddNote, NewNote } from './add-note.js';
import { ListNotes, NotesPage } from './list-notes.js';
import type { NoteView } from './note.js';

@Roles('recruiter')
@Controller('v1/contacts/:id/notes')
export class NotesController {
  constructor(
    private readonly addNote: AddNote,
    private readonly listNotes: ListNotes,
  ) {}

  @Post()
  add(@Caller() caller: TenantCaller, @UuidParam('id') id: string, @Body() note: NewNote): Promise<NoteView> {
    return this.addNote.execute(caller, id, note);
  }

  @Get()
  list(
    @Caller() caller: TenantCaller,
    @UuidParam('id') id: string,
    @Query() page: NotesPage,
  ): Promise<{ items: NoteView[]; next?: string }> {
    return this.listNotes.execute(caller.tenantId, id, page);
  }
}
