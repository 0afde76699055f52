import { randomUUID } from 'node:crypto';
import type { DemoSystem } from './external-system.js';
import type { Actor, Api } from '../api.js';
import { anActiveWorkflow, ASKED_NEXT_DAY } from './an-active-workflow.js';
import { peopleOfTheFile, type Person } from './contacts-file.js';
import { enableExpunge } from './enable-expunge.js';

export interface Scene {
  /** A client for which expunge is enabled. */
  readonly tenantId: string;
  readonly recruiter: Actor;
  readonly officer: Actor;
}

const AT_ONCE = 8;
const VENDOR: Actor = { subject: 'vendor-staff-1', roles: ['vendor-staff'] };

/** Two clients, a workflow, the contacts of the file; and the soft delete, which is all there is without expunge. */
export async function setTheScene(system: DemoSystem, api: Api, say: (line: string) => void): Promise<Scene> {
  const contacts = system.urls['contact-service'];
  const [tenantId, softTenantId] = [randomUUID(), randomUUID()];
  const admin: Actor = { subject: 'admin-1', roles: ['client-admin'], tenantId };
  const nordlicht = `${contacts}/v1/tenants/${tenantId}`;
  await api.call(VENDOR, 'PUT', nordlicht, company('Nordlicht Werke'));
  await api.call(VENDOR, 'PUT', `${contacts}/v1/tenants/${softTenantId}`, company('Atelier Soleil'));
  await enableExpunge(api, nordlicht, { asks: VENDOR, approves: admin });
  say('2. Two client companies: for Nordlicht Werke the vendor asked to enable expunge and the client approved;');
  say('   Atelier Soleil has it off, as every client at first');
  await anActiveWorkflow(api, admin, system.urls['workflow-service'], ASKED_NEXT_DAY);
  const recruiter: Actor = { subject: 'recruiter-1', roles: ['recruiter'], tenantId };
  const officer: Actor = { subject: 'officer-1', roles: ['privacy-officer'], tenantId };
  const started = performance.now();
  const { added, notes } = await addEverybody(api, recruiter, contacts);
  say(`3. A recruiter of Nordlicht Werke added ${added} contacts and ${notes} notes (${ms(started)} ms)`);
  const candidate: Actor = { subject: 'candidate-soleil', roles: ['candidate'], tenantId: softTenantId };
  await api.call(candidate, 'POST', `${contacts}/v1/account`, {
    email: 'zoe.saint-clair@example.org',
    givenName: 'Zoé',
  });
  const { status, body } = await api.call(candidate, 'DELETE', `${contacts}/v1/account`);
  say(`4. Delete Account at Atelier Soleil (expunge off): ${status} ${JSON.stringify(body)}: hidden, data kept`);
  return { tenantId, recruiter, officer };
}

const company = (name: string): object => {
  const mailDomain = 'mail.contact-expunge.example';
  return { name, mailDomain, languages: ['en', 'de'], privacyContact: 'privacy@company.example' };
};

async function addEverybody(api: Api, recruiter: Actor, contacts: string): Promise<{ added: number; notes: number }> {
  const people: Person[] = [];
  for await (const person of peopleOfTheFile()) people.push(person);
  const next = people.values();
  let notes = 0;
  const addSome = async (): Promise<void> => {
    for (const { details, note } of next) {
      const { body } = await api.call<{ id: string }>(recruiter, 'POST', `${contacts}/v1/contacts`, details);
      if (!note) continue;
      await api.call(recruiter, 'POST', `${contacts}/v1/contacts/${body.id}/notes`, { body: note });
      notes += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, addSome));
  return { added: people.length, notes };
}

const ms = (since: number): number => Math.round(performance.now() - since);
