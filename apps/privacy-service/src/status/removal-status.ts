import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsISO8601, IsString, ValidateNested } from 'class-validator';
import { Example, Optional } from '#service';
import { EXPUNGE_STATES, type ExpungeStateName } from '../expunge/expunge-state.process.js';
import { CONFIRMATION_STATES, type ConfirmationState } from '../officer/request-summary.js';

const PARTICIPANT_STATES = ['waiting', 'refused', 'erased', 'nothing_held'] as const;

/** The company that is responsible for the data (GDPR: the controller). */
class ResponsibleCompany {
  @IsString() name: string;
  @IsString() privacyContact: string;
}

export class ParticipantStatus {
  @IsString() name: string;
  @IsIn(PARTICIPANT_STATES) state: (typeof PARTICIPANT_STATES)[number];
  @Optional() @IsISO8601() at?: string;
}

/** How far a removal is, for the person it is about: nothing in it says who that is. */
@Example({
  state: 'erasing',
  controller: { name: 'Nordlicht Werke', privacyContact: 'privacy@nordlicht.example' },
  requestedAt: '2026-11-02T09:30:00.000Z',
  participants: [
    { name: 'contact-service', state: 'erased', at: '2026-11-02T09:30:00.300Z' },
    { name: 'workflow-service', state: 'waiting' },
  ],
  certificate: false,
  confirmation: 'not-yet',
})
export class RemovalStatus {
  @IsIn(EXPUNGE_STATES) state: ExpungeStateName;
  @ValidateNested() @Type(() => ResponsibleCompany) controller: ResponsibleCompany;
  @IsISO8601() requestedAt: string;
  @Optional() @IsISO8601() completedAt?: string;
  @ValidateNested({ each: true }) @Type(() => ParticipantStatus) participants: readonly ParticipantStatus[];
  /** Whether there is a certificate to be fetched. */
  @IsBoolean() certificate: boolean;
  @IsIn(CONFIRMATION_STATES) confirmation: ConfirmationState;
}
