import { Column, Entity, PrimaryColumn } from 'typeorm';

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

export type NoteView = Pick<Note, 'id' | 'authorSubject' | 'body' | 'createdAt'>;

export const noteViewOf = ({ id, authorSubject, body, createdAt }: Note): NoteView => ({
  id,
  authorSubject,
  body,
  createdAt,
});
