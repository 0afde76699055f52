import { randomUUID } from 'node:crypto';
import { type Data, EmailAccepted, type ExpungeContact, RequestOptIn } from '#contracts';
import { aContact, type ContactService, type TestTenant } from './start.js';

export const DAY_SECONDS = 86_400;

export const anAsk = (given: Partial<Data<RequestOptIn>> = {}): Data<RequestOptIn> => ({
  tenantId: randomUUID(),
  contactId: randomUUID(),
  enrolmentId: randomUUID(),
  workflowId: randomUUID(),
  emailId: randomUUID(),
  template: 'opt-in',
  graceSeconds: 30 * DAY_SECONDS,
  linkValidSeconds: 60 * DAY_SECONDS,
  ...given,
});

/** The mail of an ask, as it is named when its fate is told. */
export const mailOf = ({ tenantId, contactId, emailId, template }: Data<RequestOptIn>) => {
  return { tenantId, contactId, emailId, purpose: template };
};

/** A contact that was asked, and whose mail was accepted just now. */
export async function anAsked(service: ContactService, tenant: TestTenant, given: Partial<Data<RequestOptIn>> = {}) {
  const contactId = given.contactId ?? (await aContact(service, tenant));
  const ask = anAsk({ tenantId: tenant.tenantId, ...given, contactId });
  await service.deliver(RequestOptIn, ask);
  await service.deliver(EmailAccepted, { ...mailOf(ask), at: new Date().toISOString() });
  return ask;
}

/** As if all mails that asked these contacts had been sent, and had met their fate, that much earlier. */
export async function passTime(service: ContactService, contactIds: string | string[], seconds: number) {
  await service.db.query(
    `UPDATE opt_in_ask SET asked_at = asked_at - $2 * interval '1 second',
       accepted_at = accepted_at - $2 * interval '1 second', bounced_at = bounced_at - $2 * interval '1 second'
     WHERE contact_id = ANY($1::uuid[])`,
    [[contactIds].flat(), seconds],
  );
}

/** A contact that stayed silent for the whole grace period. */
export async function aSilent(service: ContactService, tenant: TestTenant, given: Partial<Data<RequestOptIn>> = {}) {
  const ask = await anAsked(service, tenant, given);
  await passTime(service, ask.contactId, ask.graceSeconds);
  return ask;
}

/** The command that ends the grace period of an ask. */
export const theEndOf = (ask: Data<RequestOptIn>, given: Partial<Data<ExpungeContact>> = {}): Data<ExpungeContact> => {
  const { tenantId, contactId, enrolmentId, emailId, graceSeconds } = ask;
  return { tenantId, contactId, enrolmentId, emailId, graceSeconds, ...given };
};

/** Many contacts with an address each, of one client company; made at once. */
export async function manyContacts(
  service: ContactService,
  { tenantId }: TestTenant,
  count: number,
): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  await service.db.query(
    `WITH added AS (SELECT unnest($2::uuid[]) AS id),
          known AS (INSERT INTO subject (contact_id, tenant_id) SELECT id, $1 FROM added)
     INSERT INTO contact (id, tenant_id, source, email, email_normalised)
     SELECT id, $1, 'import', id || '@example.org', id || '@example.org' FROM added`,
    [tenantId, ids],
  );
  return ids;
}

/** Asks all of them at once, and has each mail accepted. */
export async function askMany(
  service: ContactService,
  { tenantId }: TestTenant,
  contactIds: readonly string[],
  given: Partial<Data<RequestOptIn>> = {},
): Promise<Data<RequestOptIn>[]> {
  const asks = contactIds.map((contactId) => anAsk({ tenantId, contactId, ...given }));
  await service.deliver(RequestOptIn, asks);
  await service.deliver(
    EmailAccepted,
    asks.map((ask) => ({ ...mailOf(ask), at: new Date().toISOString() })),
  );
  return asks;
}
