import { Controller } from '@nestjs/common';
import { ClientKafka, EventPattern, Payload } from '@nestjs/microservices';
import { InjectRepository } from '@nestjs/typeorm';
import { Column, Entity, Index, PrimaryColumn, Repository } from 'typeorm';
import { eraseContact, Tombstone } from './erase-contact.js';
import type { ContactExpunged, EmailAccepted, EraseContactData } from './messages.js';
import { ACCEPTED, ERASE, ERASED, EXPUNGED } from './messages.js';
import { InjectKafka, serve } from './nest-app.js';

@Entity('contact')
@Index(['tenantId', 'state', 'contactId'])
@Index(['tenantId', 'email'])
@Index(['tenantId', 'familyName'])
@Index(['tenantId', 'givenName'])
class Contact {
  @PrimaryColumn('uuid') contactId: string;
  @Column('uuid') tenantId: string;
  @Column('text') state: string;
  @Column('text') email: string;
  @Column('text') givenName: string;
  @Column('text') familyName: string;
  @Column('text', { nullable: true }) phone: string | null;
  @Column('text') language: string;
}

@Entity('note')
class Note {
  @PrimaryColumn('uuid') id: string;
  @Index() @Column('uuid') contactId: string;
  @Column('text') body: string;
}

@Entity('removal')
class Removal {
  @PrimaryColumn('uuid') expungeId: string;
  @Column('uuid') contactId: string;
  @Column('timestamptz', { nullable: true }) expungedAt: Date | null;
  @Column('timestamptz', { nullable: true }) confirmedAt: Date | null;
}

@Controller()
class ContactController {
  constructor(
    @InjectKafka() private readonly kafka: ClientKafka,
    @InjectRepository(Contact) private readonly contacts: Repository<Contact>,
    @InjectRepository(Note) private readonly notes: Repository<Note>,
    @InjectRepository(Removal) private readonly removals: Repository<Removal>,
    @InjectRepository(Tombstone) private readonly tombstones: Repository<Tombstone>,
  ) {}

  @EventPattern(ERASE)
  async erase(@Payload() command: EraseContactData): Promise<void> {
    const stores = { notes: this.notes, contacts: this.contacts };
    const value = await eraseContact('contact-service', command, stores, this.tombstones);
    this.kafka.emit(ERASED, { key: command.contactId, value });
  }

  @EventPattern(EXPUNGED)
  async expunged(@Payload() { expungeId, completedAt }: ContactExpunged): Promise<void> {
    await this.removals.update({ expungeId }, { expungedAt: completedAt });
  }

  @EventPattern(ACCEPTED)
  async accepted(@Payload() { expungeId, at }: EmailAccepted): Promise<void> {
    await this.removals.update({ expungeId }, { confirmedAt: at });
  }
}

await serve({
  name: 'contact-service',
  entities: [Contact, Note, Removal, Tombstone],
  controllers: [ContactController],
});
