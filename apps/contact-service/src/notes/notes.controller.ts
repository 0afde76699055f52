import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { Answers, Caller, Refuses, Summary, TenantCaller, UuidParam } from '#service';
import { AddNote, NewNote } from './add-note.js';
import { ListNotes, Notes, NotesPage } from './list-notes.js';
import { NoteView } from './note.js';

@Controller('v1/contacts/:id/notes')
export class NotesController {
  constructor(
    private readonly addNote: AddNote,
    private readonly listNotes: ListNotes,
  ) {}

  @Post()
  @Summary('Writes a note about a contact.')
  @Answers(201, NoteView)
  @Refuses(409, 410)
  add(@Caller() caller: TenantCaller, @UuidParam('id') id: string, @Body() note: NewNote): Promise<NoteView> {
    return this.addNote.execute(caller, id, note);
  }

  @Get()
  @Summary('The notes about a contact, oldest first.')
  @Answers(200, Notes)
  @Refuses(410)
  list(@Caller() caller: TenantCaller, @UuidParam('id') id: string, @Query() page: NotesPage): Promise<Notes> {
    return this.listNotes.execute(caller.tenantId, id, page);
  }
}
