import { randomUUID } from 'node:crypto';
import type { Role, ServiceName } from '#contracts';
import { aContact, aPerson, anAccount, anEnabling, aTenant } from '../../apps/contact-service/test/start.js';
import { anAsked } from '../../apps/contact-service/test/opt-in.js';
import { anExpunged, type PrivacyTestService } from '../../apps/privacy-service/test/privacy-test-service.js';
import { anImport } from '../../apps/contact-service/test/an-import.js';
import { expunge } from '../../apps/contact-service/test/expunged.js';
import type { FourServices, tokensOf } from './four-services.js';
import { type Workflows, workflowsOf } from './workflows.js';

/** A client company with one of everything that a route can be asked for. */
export interface World {
  readonly tenantId: string;
  readonly contactId: string;
  /** The workflow that has asked the contact to opt in. */
  readonly askedBy: string;
  readonly person: ReturnType<typeof aPerson>;
  /** Subject of the candidate who has an account. */
  readonly candidate: string;
  /** A contact under a legal hold, and the hold. */
  readonly held: string;
  readonly holdId: string;
  /** An import that is done, and one whose file is still coming. */
  readonly importId: string;
  readonly uploading: string;
  /** An address that may not be added. */
  readonly suppressed: string;
  /** Takes expunge and every request for it back. */
  switchOff(): Promise<unknown>;
  /** Requests to enable expunge that the vendor, or the client, has made and nobody has answered. */
  readonly requestOf: Readonly<Record<'vendor' | 'client', () => Promise<string>>>;
  readonly expungeId: string;
  readonly workflowId: string;
  readonly workflows: Workflows;
}

export async function aWorld(services: FourServices, token: ReturnType<typeof tokensOf>): Promise<World> {
  const tenant = await aTenant(services.contact);
  const { tenantId, officer, staff, admin } = tenant;
  const person = aPerson();
  const contactId = await aContact(services.contact, tenant, person);
  await services.contact.call(tenant.recruiter, 'POST', `/v1/contacts/${contactId}/notes`, {
    body: `About ${person.givenName}`,
  });
  const { workflowId: askedBy } = await anAsked(services.contact, tenant, { contactId });
  const { candidate } = await anAccount(services.contact, tenant);
  const held = await aContact(services.contact, tenant);
  const hold = await services.contact.call(officer, 'POST', `/v1/contacts/${held}/holds`, {
    caseReference: 'C 1',
    reason: 'litigation',
  });
  const { id: importId } = await anImport(services.contact, tenant, `email\n${aPerson().email}\n`);
  const uploading = randomUUID();
  await services.contact.db.query(
    `INSERT INTO import (id, tenant_id, state, created_by) VALUES ($1, $2, 'uploading', 'somebody')`,
    [uploading, tenantId],
  );
  const { email: suppressed } = aPerson();
  await expunge(services.contact, tenant, await aContact(services.contact, tenant, { email: suppressed }));
  const { expungeId } = await anExpunged(services.all['privacy-service'] as PrivacyTestService, { tenantId });
  const workflows = await workflowsOf(services, token, tenantId);
  const { id: workflowId } = await workflows.draft();
  const switchOff = (): Promise<unknown> =>
    services.contact.call(staff, 'POST', `/v1/tenants/${tenantId}/expunge-policy/off`, { reason: 'Begin anew.' });
  const request = (caller: typeof staff) => async (): Promise<string> => {
    await switchOff();
    const path = `/v1/tenants/${tenantId}/expunge-policy/requests`;
    return String((await services.contact.call(caller, 'POST', path, anEnabling())).body.id);
  };
  const requestOf = { vendor: request(staff), client: request(admin) };
  return {
    tenantId,
    contactId,
    askedBy,
    person,
    candidate: candidate.subject,
    holdId: String(hold.body.id),
    importId,
    uploading,
    suppressed,
    switchOff,
    requestOf,
    expungeId,
    held,
    workflowId,
    workflows,
  };
}

/** Every row of a tenant in a service's database, as text: what a crossing would have changed or shown. */
export async function rowsOf({ all }: FourServices, service: ServiceName, tenantId: string): Promise<string> {
  const { db } = all[service];
  const tables: { name: string; key: string }[] = await db.query(
    `SELECT table_name AS name, column_name AS key FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name NOT LIKE 'audit_%'
       AND (column_name = 'tenant_id' OR (table_name = 'tenant' AND column_name = 'id')) ORDER BY 1`,
  );
  const rows: string[] = [];
  for (const { name, key } of tables) {
    const [row] = await db.query(`SELECT json_agg(t ORDER BY t::text)::text AS rows FROM ${name} t WHERE ${key} = $1`, [
      tenantId,
    ]);
    rows.push(`${name}: ${row.rows}`);
  }
  return rows.join('\n');
}

/** What is sent: JSON, or a file as it is. */
export interface Question {
  readonly path: string;
  readonly body?: unknown;
  readonly file?: string;
}

export type Asking = (world: World, role: Role) => Promise<Question> | Question;
