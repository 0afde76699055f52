import { waitUntil } from '#local';
import type { Caller, ContactService, TestTenant } from './start.js';

export type File = string | Buffer;

export interface ImportAnswer {
  readonly id: string;
  readonly state: string;
  readonly problem: string | null;
  readonly rowsTotal: number | null;
  readonly rowsRead: number;
  readonly rowsImported: number;
  readonly rowsRejected: number;
  readonly rejected: { reason: string; rows: number }[];
  readonly contactsUndone: number;
}

export const WITH_BASIS = '?source=Job%20fair&lawfulBasis=legitimate-interests';

/** Sends a file as it is. */
export async function upload(
  service: ContactService,
  caller: Caller,
  file: File,
  { query = WITH_BASIS, contentType = 'text/csv' } = {},
) {
  const headers = { authorization: `Bearer ${await service.token(caller)}`, 'content-type': contentType };
  const init: RequestInit = { method: 'POST', headers, body: file as RequestInit['body'] };
  const response = await fetch(`${service.url}/v1/imports${query}`, init);
  const text = await response.text();
  const body = JSON.parse(text) as ImportAnswer & { code?: string; title?: string; detail?: string };
  return { status: response.status, location: response.headers.get('location'), text, body };
}

/** The import when it is in one of these states. */
export async function untilState(
  service: ContactService,
  { recruiter }: TestTenant,
  id: string,
  states: readonly string[] = ['done', 'failed', 'cancelled'],
): Promise<ImportAnswer> {
  return waitUntil(
    async () => {
      const { body } = await service.call(recruiter, 'GET', `/v1/imports/${id}`);
      return states.includes(String(body.state)) ? (body as unknown as ImportAnswer) : undefined;
    },
    { what: `import ${id} is ${states.join(' or ')}`, timeoutMs: 20_000 },
  );
}

/** Imports a file to its end. */
export async function anImport(
  service: ContactService,
  tenant: TestTenant,
  file: File,
  more?: { query?: string },
): Promise<ImportAnswer> {
  const { status, text, body } = await upload(service, tenant.recruiter, file, more);
  if (status !== 202) throw new Error(`the upload was answered ${status}: ${text}`);
  return untilState(service, tenant, body.id);
}

export async function reportOf(service: ContactService, { recruiter }: TestTenant, id: string, query = '') {
  const headers = { authorization: `Bearer ${await service.token(recruiter)}` };
  const response = await fetch(`${service.url}/v1/imports/${id}/report${query}`, { headers });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}
