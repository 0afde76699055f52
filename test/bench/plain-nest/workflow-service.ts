import { Controller } from '@nestjs/common';
import { ClientKafka, EventPattern, Payload } from '@nestjs/microservices';
import { InjectRepository } from '@nestjs/typeorm';
import { Column, Entity, PrimaryColumn, Repository } from 'typeorm';
import { eraseContact, Tombstone } from './erase-contact.js';
import type { EraseContactData } from './messages.js';
import { ERASE, ERASED } from './messages.js';
import { InjectKafka, serve } from './nest-app.js';

@Entity('contact_fact')
class ContactFact {
  @PrimaryColumn('uuid') contactId: string;
  @Column('text') source: string;
}

@Entity('enrolment')
class Enrolment {
  @PrimaryColumn('uuid') contactId: string;
  @Column('text') state: string;
}

@Entity('timer')
class Timer {
  @PrimaryColumn('uuid') contactId: string;
  @Column('timestamptz') dueAt: Date;
}

@Controller()
class WorkflowController {
  constructor(
    @InjectKafka() private readonly kafka: ClientKafka,
    @InjectRepository(Timer) private readonly timers: Repository<Timer>,
    @InjectRepository(Enrolment) private readonly enrolments: Repository<Enrolment>,
    @InjectRepository(ContactFact) private readonly facts: Repository<ContactFact>,
    @InjectRepository(Tombstone) private readonly tombstones: Repository<Tombstone>,
  ) {}

  @EventPattern(ERASE)
  async erase(@Payload() command: EraseContactData): Promise<void> {
    const stores = { timers: this.timers, enrolments: this.enrolments, contact_facts: this.facts };
    const value = await eraseContact('workflow-service', command, stores, this.tombstones);
    this.kafka.emit(ERASED, { key: command.contactId, value });
  }
}

await serve({
  name: 'workflow-service',
  entities: [ContactFact, Enrolment, Timer, Tombstone],
  controllers: [WorkflowController],
});
