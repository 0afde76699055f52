import { IsDate, IsString, IsUUID } from 'class-validator';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Example } from '#service';

/** What a recruiter wrote about a contact. */
@Entity('note')
export class Note {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('uuid', { name: 'contact_id' }) contactId: string;
  @Column('text', { name: 'author_subject' }) authorSubject: string;
  @Column('text') body: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
}

/** A note as recruiters see it. */
@Example({
  id: '0197f3a4-5d2b-7f61-b0c9-2a4c6e8f0b1d',
  authorSubject: 'recruiter-17',
  body: 'Prefers to be called in the afternoon.',
  createdAt: '2026-11-02T09:30:00.000Z',
})
export class NoteView {
  @IsUUID() id: string;
  @IsString() authorSubject: string;
  @IsString() body: string;
  @IsDate() createdAt: Date;
}

export const noteViewOf = ({ id, authorSubject, body, createdAt }: Note): NoteView => ({
  id,
  authorSubject,
  body,
  createdAt,
});
