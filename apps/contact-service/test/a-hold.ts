import { type ContactService, type TestTenant } from './start.js';

/** A legal hold the privacy officer has placed; its id. */
export async function aHold(
  service: ContactService,
  tenant: TestTenant,
  contactId: string,
  more: { until?: string } = {},
): Promise<string> {
  const hold = { caseReference: '2026/117-A', reason: 'litigation', ...more };
  const { status, body } = await service.call(tenant.officer, 'POST', `/v1/contacts/${contactId}/holds`, hold);
  if (status !== 201) throw new Error(`placing a hold was answered ${status}`);
  return String(body.id);
}

export const liftHold = (service: ContactService, tenant: TestTenant, contactId: string, holdId: string) =>
  service.call(tenant.officer, 'POST', `/v1/contacts/${contactId}/holds/${holdId}/lift`, { reason: 'Case closed.' });

export const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();
