import { randomUUID } from 'node:crypto';
import type { Actor, Api } from '../../api.js';
import type { LocalSystem } from '../../system.js';
import { anActiveWorkflow } from '../an-active-workflow.js';
import { enableExpunge } from '../enable-expunge.js';
import type { Say } from '../run-demo.js';
import { addressOf } from './people.js';

export interface ConsentScene {
  readonly recruiter: Actor;
  /** Contacts that nobody may touch, of this and of another client, each with a caller who sees it. */
  readonly bystanders: readonly Bystander[];
}

export interface Bystander {
  readonly contactId: string;
  readonly recruiter: Actor;
}

const VENDOR: Actor = { subject: 'vendor-staff-1', roles: ['vendor-staff'] };
const SIGNED_UP = 5;

/** A client with expunge and a workflow for imports; people who signed up themselves, here and elsewhere. */
export async function setTheScene(
  system: LocalSystem,
  api: Api,
  { graceSeconds }: { graceSeconds: number },
  say: Say,
): Promise<ConsentScene> {
  const contacts = system.urls['contact-service'];
  const [tenantId, otherId] = [randomUUID(), randomUUID()];
  const admin: Actor = { subject: 'admin-1', roles: ['client-admin'], tenantId };
  const company = (name: string): object => ({
    name,
    mailDomain: 'mail.contact-expunge.example',
    languages: ['en'],
    privacyContact: 'privacy@company.example',
  });
  await api.call(VENDOR, 'PUT', `${contacts}/v1/tenants/${tenantId}`, company('Nordlicht Werke'));
  await api.call(VENDOR, 'PUT', `${contacts}/v1/tenants/${otherId}`, company('Atelier Soleil'));
  await enableExpunge(api, `${contacts}/v1/tenants/${tenantId}`, { asks: VENDOR, approves: admin });
  say('2. Nordlicht Werke has expunge enabled, agreed by vendor and client; Atelier Soleil has not');
  const bystanders = [
    ...(await signUps(api, contacts, tenantId, (n) => `signed-up.${n}@example.net`)),
    ...(await signUps(api, contacts, otherId, addressOf)),
  ];
  say(
    `3. ${bystanders.length} people signed up themselves, those at Atelier Soleil with addresses of the file: they are not asked`,
  );
  await anActiveWorkflow(api, admin, system.urls['workflow-service'], {
    name: 'Imported contact opt-in',
    trigger: 'import',
    steps: [{ action: 'send-opt-in' }, { action: 'wait', seconds: graceSeconds }, { action: 'expunge' }],
  });
  say(`4. The client admin activated a workflow for bulk imports: ask by mail, wait ${graceSeconds} s, expunge`);
  return { recruiter: recruiterOf(tenantId), bystanders };
}

const recruiterOf = (tenantId: string): Actor => ({ subject: 'recruiter-1', roles: ['recruiter'], tenantId });

async function signUps(
  api: Api,
  contacts: string,
  tenantId: string,
  address: (n: number) => string,
): Promise<Bystander[]> {
  const recruiter = recruiterOf(tenantId);
  const made: Bystander[] = [];
  for (let n = 0; n < SIGNED_UP; n += 1) {
    const candidate: Actor = { subject: `candidate-${n}`, roles: ['candidate'], tenantId };
    const person = { email: address(n), givenName: 'Sam' };
    const { body } = await api.call<{ id: string }>(candidate, 'POST', `${contacts}/v1/account`, person);
    made.push({ contactId: body.id, recruiter });
  }
  return made;
}
