import { type Participant, tableStore } from '#erasure';

/** What this service holds of a contact; timers point to enrolments and so go first. */
export const participant: Participant = {
  name: 'workflow-service',
  stores: [tableStore('timers', { table: 'timer' }), tableStore('enrolments', { table: 'enrolment' })],
};
