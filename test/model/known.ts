import type { ContactService, TestTenant } from '../../apps/contact-service/test/start.js';
import type { WorkflowTestService } from '../../apps/workflow-service/test/workflow-test-service.js';
import type { Company, Person } from './silence-rule.js';

export interface Services {
  readonly contact: ContactService;
  readonly workflow: WorkflowTestService;
}

/** A client company, and the workflow it has for contacts that recruiters add. */
export interface Client {
  readonly tenant: TestTenant;
  readonly company: Company;
  workflow?: { readonly id: string; readonly revision: number };
}

/** A contact, and what the model knows of it. */
export interface Known {
  readonly id: string;
  /** The same each time a history is played; the id is not. */
  readonly number: number;
  readonly client: Client;
  readonly person: Person;
  erased: boolean;
}

/** What the services did is not what the model says. */
export class Wrong extends Error {
  override readonly name = 'Wrong';
}

export const somebody = (): Person => ({
  here: true,
  consent: 'none',
  everAgreed: false,
  holds: new Map(),
  stopped: new Set(),
  neverAsk: false,
  mails: new Map(),
});

/** What the model knows of them, to be read by a person. */
export function described(people: readonly Known[], now: number): string {
  const seen = people.map(({ number, person, client }) => ({
    number,
    ...person,
    ...client.company,
    holds: [...person.holds.values()],
    stopped: [...person.stopped],
    mails: [...person.mails].map(([emailId, mail]) => ({ emailId, ...mail })),
  }));
  return `${JSON.stringify(seen, undefined, 1)} at ${now}`;
}
