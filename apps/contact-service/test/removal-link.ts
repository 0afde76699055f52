import { openSeal, type SealedRecipient, type SealBinding } from '#service';
import { waitUntil } from '#local';
import { SendRemovalLinks } from '../src/removal-by-address/send-removal-links.js';
import { type ContactService, REMOVAL_LINK_URL } from './start.js';

/** For services that were started with TRUST_PROXY_HOPS=1: every test comes from addresses of its own. */
export const BEHIND_A_PROXY = { TRUST_PROXY_HOPS: '1' };

let callers = 0;
export const aClient = (): string => {
  callers += 1;
  return `10.${callers >> 16}.${(callers >> 8) & 255}.${callers & 255}`;
};

/** The form on the career site. */
export async function askForRemoval(url: string, tenantId: string, email: unknown, forwardedFor = aClient()) {
  const response = await fetch(`${url}/v1/tenants/${tenantId}/removal-requests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': forwardedFor },
    body: JSON.stringify({ email }),
  });
  const retryAfter = response.headers.get('retry-after');
  return { status: response.status, text: await response.text(), retryAfter };
}

/** Runs until nothing that this client company's people asked for is waiting. */
export async function handleRequests(service: ContactService, tenantId: string): Promise<void> {
  const waiting = async (): Promise<true | undefined> => {
    await service.app.get(SendRemovalLinks).execute();
    const sql = 'SELECT FROM removal_request WHERE tenant_id = $1';
    return (await service.db.query<unknown[]>(sql, [tenantId])).length === 0 ? true : undefined;
  };
  await waitUntil(waiting, { what: 'the requests are handled', timeoutMs: 20_000 });
}

/** What the mails to a contact would show, oldest first. */
export async function linksTo(service: ContactService, contactId: string): Promise<SealedRecipient[]> {
  const said = (await service.said(contactId)).filter(({ type }) => type === 'SendEmail');
  return Promise.all(
    said.map(({ data }) => openSeal(service.keyring, String(data.sealed), data as unknown as SealBinding)),
  );
}

/** Asks for a removal and returns the token of the link that was sent. */
export async function aLink(
  service: ContactService,
  person: { tenantId: string; email: string; contactId: string },
): Promise<string> {
  await askForRemoval(service.url, person.tenantId, person.email);
  await handleRequests(service, person.tenantId);
  const link = (await linksTo(service, person.contactId)).at(-1);
  if (!link?.linkUrl?.startsWith(REMOVAL_LINK_URL)) throw new Error('no link was sent');
  return link.linkUrl.slice(REMOVAL_LINK_URL.length);
}

export interface LinkPage {
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
}

/** The page as a browser asks for it; the button sends an empty form. */
export async function openLink(
  service: ContactService,
  path: string,
  { method = 'GET', ...headers }: Record<string, string> = {},
): Promise<LinkPage> {
  const form: Record<string, string> =
    method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded', origin: 'null' } : {};
  const response = await fetch(`${service.url}/r/${path}`, { method, headers: { ...form, ...headers } });
  return { status: response.status, headers: response.headers, html: await response.text() };
}

export const press = (service: ContactService, token: string): Promise<LinkPage> =>
  openLink(service, token, { method: 'POST' });
