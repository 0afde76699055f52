import { jointStore, type Participant, tableStore } from '#erasure';

/** What this service holds of a contact. */
export const participant: Participant = {
  name: 'workflow-service',
  stores: [
    tableStore('timers', { table: 'timer' }),
    jointStore('enrolments', [
      tableStore('enrolments', { table: 'enrolment' }),
      tableStore('findings', { table: 'finding' }),
    ]),
    tableStore('contact_facts', { table: 'contact_fact' }),
  ],
};
