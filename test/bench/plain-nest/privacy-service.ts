import { randomUUID } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { ClientKafka, EventPattern, Payload } from '@nestjs/microservices';
import { InjectRepository } from '@nestjs/typeorm';
import { Column, Entity, PrimaryColumn, Repository } from 'typeorm';
import { signCertificate } from '../speed-of-light/certificate.js';
import type { Request } from '../speed-of-light/request.js';
import { ACCEPTED, ERASE, ERASED, EXPUNGED, REQUESTED, SEND_EMAIL } from './messages.js';
import type { ContactDataErased, EmailAccepted, ExpungeRequested } from './messages.js';
import { InjectKafka, serve } from './nest-app.js';

const PARTICIPANTS = ['contact-service', 'workflow-service', 'notification-service'];

@Entity('expunge_request')
class ExpungeRequest implements Request {
  @PrimaryColumn('uuid') expunge_id: string;
  @Column('uuid') tenant_id: string;
  @Column('uuid') contact_id: string;
  @Column('text') reason: string;
  @Column('text') requested_by: string;
  @Column('timestamptz') requested_at: Date;
  @Column('text') subject_commitment: string;
  @Column('text', { nullable: true }) sealed_recipient: string;
  @Column('jsonb') participants: Request['participants'];
  @Column('text') state: string;
  @Column('uuid', { nullable: true }) certificate_id: string | null;
  @Column('text', { nullable: true }) certificate: string | null;
  @Column('timestamptz', { nullable: true }) completed_at: Date | null;
  @Column('uuid', { nullable: true }) email_id: string | null;
}

@Controller()
class PrivacyController {
  constructor(
    @InjectKafka() private readonly kafka: ClientKafka,
    @InjectRepository(ExpungeRequest) private readonly requests: Repository<ExpungeRequest>,
  ) {}

  @EventPattern(REQUESTED)
  async open(@Payload() asked: ExpungeRequested): Promise<void> {
    const { tenantId, contactId, expungeId } = asked;
    await this.requests.save({
      expunge_id: expungeId,
      tenant_id: tenantId,
      contact_id: contactId,
      reason: asked.reason,
      requested_by: asked.requestedBy,
      requested_at: new Date(asked.requestedAt),
      subject_commitment: asked.subjectCommitment,
      sealed_recipient: asked.sealedRecipient,
      participants: PARTICIPANTS.map((name) => ({ name })),
      state: 'erasing',
    });
    this.kafka.emit(ERASE, { key: contactId, value: { tenantId, contactId, expungeId } });
  }

  @EventPattern(ERASED)
  async erased(@Payload() { expungeId, participant, outcome, stores, at }: ContactDataErased): Promise<void> {
    const request = await this.requests.findOneByOrFail({ expunge_id: expungeId });
    request.participants = request.participants.map((one) =>
      one.name === participant ? { name: participant, outcome, at, stores } : one,
    );
    const complete = request.participants.every((one) => one.outcome !== undefined);
    if (complete) {
      Object.assign(request, { state: 'expunged', completed_at: new Date(), certificate_id: randomUUID() });
      Object.assign(request, { certificate: signCertificate(request), email_id: randomUUID() });
    }
    await this.requests.save(request);
    if (complete) this.tell(request);
  }

  @EventPattern(ACCEPTED)
  async accepted(@Payload() { expungeId }: EmailAccepted): Promise<void> {
    await this.requests.update({ expunge_id: expungeId }, { state: 'confirmed', sealed_recipient: null as never });
  }

  private tell(request: ExpungeRequest): void {
    const { tenant_id: tenantId, contact_id: contactId, expunge_id: expungeId, completed_at, certificate_id } = request;
    const ids = { tenantId, contactId, expungeId };
    const completedAt = completed_at!.toISOString();
    this.kafka.emit(EXPUNGED, { key: contactId, value: { ...ids, completedAt, certificateId: certificate_id } });
    const content = request.certificate!;
    const attachments = [{ filename: 'certificate.jws', contentType: 'application/jose', content }];
    const mail = { emailId: request.email_id, purpose: 'expunge-confirmation', sealed: request.sealed_recipient };
    this.kafka.emit(SEND_EMAIL, { key: contactId, value: { ...ids, ...mail, attachments } });
  }
}

await serve({ name: 'privacy-service', entities: [ExpungeRequest], controllers: [PrivacyController] });
