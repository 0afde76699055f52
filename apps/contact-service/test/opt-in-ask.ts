import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { aContact, aPerson, aTenant, type ContactService } from './start.js';

const HOUR = 3_600;

export interface AskMade {
  readonly graceSeconds?: number;
  readonly linkValidSeconds?: number;
  /** How long ago the receiving server accepted the mail; null: not yet. */
  readonly acceptedSecondsAgo?: number | null;
  readonly enrolmentId?: string;
  readonly template?: 'opt-in' | 'opt-in-reminder';
}

/** A mail that asks a contact to opt in; the token of its link, and its id. */
export async function anAsk(
  service: ContactService,
  { tenantId, contactId }: { tenantId: string; contactId: string },
  more: AskMade = {},
): Promise<{ token: string; emailId: string }> {
  const { graceSeconds = 720 * HOUR, linkValidSeconds = 1_440 * HOUR, acceptedSecondsAgo = 60 } = more;
  const token = randomBytes(32).toString('base64url');
  const emailId = randomUUID();
  const [enrolmentId, template] = [more.enrolmentId ?? randomUUID(), more.template ?? 'opt-in'];
  await service.db.query(
    `INSERT INTO opt_in_ask (email_id, tenant_id, contact_id, enrolment_id, workflow_id, template, token_hash,
       grace_seconds, link_valid_seconds, accepted_at)
     VALUES ($1, $2, $3, $4, gen_random_uuid(), $5, $6, $7, $8, now() - $9::float8 * interval '1 second')`,
    [
      emailId,
      tenantId,
      contactId,
      enrolmentId,
      template,
      createHash('sha256').update(token).digest('base64url'),
      graceSeconds,
      linkValidSeconds,
      acceptedSecondsAgo,
    ],
  );
  return { token, emailId };
}

/** A contact a recruiter has added, and the mail that asks it. */
export async function anAskedPerson(
  service: ContactService,
  { policy = 'permanent', ...more }: AskMade & { policy?: 'off' | 'permanent'; person?: object } = {},
) {
  const tenant = await aTenant(service, policy);
  const contactId = await aContact(service, tenant, { ...aPerson(), ...more.person });
  const about = { tenantId: tenant.tenantId, contactId };
  return { tenant, ...about, ...(await anAsk(service, about, more)) };
}

export interface Page {
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
}

/** The page as a browser asks for it. */
export async function openForm(
  service: ContactService,
  path: string,
  { method = 'GET', ...headers }: Record<string, string> = {},
): Promise<Page> {
  const response = await fetch(`${service.url}/o/${path}`, { method, headers });
  return { status: response.status, headers: response.headers, html: await response.text() };
}

export async function postForm(
  service: ContactService,
  path: string,
  body: FormData | URLSearchParams | string | Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Page> {
  const isFields = typeof body === 'object' && !(body instanceof FormData) && !(body instanceof URLSearchParams);
  const init = { method: 'POST', headers, body: isFields ? new URLSearchParams(body) : body };
  const response = await fetch(`${service.url}/o/${path}`, init);
  return { status: response.status, headers: response.headers, html: await response.text() };
}

/** Opens the page and sends one of its forms as it stands there, with the boxes ticked. */
export async function answerForm(
  service: ContactService,
  path: string,
  decision: 'opt-in' | 'decline' | 'remove',
): Promise<Page> {
  const query = decision === 'remove' ? `${path}${path.includes('?') ? '&' : '?'}page=remove` : path;
  const { html } = await openForm(service, query);
  return postForm(service, query, fieldsOf(html, decision));
}

/** What a browser sends of the form with this decision. */
export function fieldsOf(html: string, decision: string): Record<string, string> {
  const forms = [...html.matchAll(/<form[^]*?<\/form>/g)].map(([form]) => form);
  const form = forms.find((one) => one.includes(`name="decision" value="${decision}"`));
  if (!form) throw new Error(`the page has no form for ${decision}`);
  const inputs = [...form.matchAll(/<input[^>]*\sname="([^"]*)"\s+value="([^"]*)"/g)];
  return Object.fromEntries(inputs.map(([, name, value]) => [name!, value!]));
}

export const oneClick = (service: ContactService, token: string, as: 'urlencoded' | 'multipart' = 'urlencoded') => {
  const body = as === 'multipart' ? new FormData() : new URLSearchParams();
  body.append('List-Unsubscribe', 'One-Click');
  return postForm(service, token, body);
};

export const titleOf = ({ html }: Page): string =>
  (/<h1>(.*?)<\/h1>/.exec(html)?.[1] ?? '').replaceAll(/[\u2068\u2069]/g, '');
export const seen = (page: Page): [number, string] => [page.status, titleOf(page)];
