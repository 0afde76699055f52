import { Controller } from '@nestjs/common';
import { ClientKafka, EventPattern, Payload } from '@nestjs/microservices';
import { InjectRepository } from '@nestjs/typeorm';
import { Column, Entity, Index, PrimaryColumn, Repository } from 'typeorm';
import { send } from '../speed-of-light/mail.js';
import { eraseContact, Tombstone } from './erase-contact.js';
import type { EraseContactData, SendEmail } from './messages.js';
import { ACCEPTED, ERASE, ERASED, SEND_EMAIL } from './messages.js';
import { InjectKafka, serve } from './nest-app.js';

@Entity('mail_outcome')
class MailOutcome {
  @PrimaryColumn('uuid') emailId: string;
  @Index() @Column('uuid') contactId: string;
  @Column('text') purpose: string;
  @Column('timestamptz') acceptedAt: Date;
}

@Controller()
class NotificationController {
  constructor(
    @InjectKafka() private readonly kafka: ClientKafka,
    @InjectRepository(MailOutcome) private readonly outcomes: Repository<MailOutcome>,
    @InjectRepository(Tombstone) private readonly tombstones: Repository<Tombstone>,
  ) {}

  @EventPattern(ERASE)
  async erase(@Payload() command: EraseContactData): Promise<void> {
    const stores = { mail_records: this.outcomes };
    const value = await eraseContact('notification-service', command, stores, this.tombstones);
    this.kafka.emit(ERASED, { key: command.contactId, value });
  }

  @EventPattern(SEND_EMAIL)
  async send(@Payload() mail: SendEmail): Promise<void> {
    const { tenantId, contactId, expungeId, emailId, purpose, sealed, attachments } = mail;
    const ids = { email_id: emailId, tenant_id: tenantId, contact_id: contactId, expunge_id: expungeId };
    await send({ ...ids, purpose, sealed, attachments, queued_at: new Date() });
    const acceptedAt = new Date();
    await this.outcomes.save({ emailId, contactId, purpose, acceptedAt });
    const value = { tenantId, contactId, expungeId, emailId, at: acceptedAt.toISOString() };
    this.kafka.emit(ACCEPTED, { key: contactId, value });
  }
}

await serve({
  name: 'notification-service',
  entities: [MailOutcome, Tombstone],
  controllers: [NotificationController],
});
