import { anEnabling, type Caller, type ContactService, type TestTenant } from './start.js';

/** The acts of the two sides on the expunge policy of one client company. */
export function policyOf(service: ContactService, { tenantId, officer }: Pick<TestTenant, 'tenantId' | 'officer'>) {
  const path = `/v1/tenants/${tenantId}/expunge-policy`;
  const act = (verb: string) => (caller: Caller, id: unknown) =>
    service.call(caller, 'POST', `${path}/requests/${String(id)}/${verb}`);
  return {
    request: (caller: Caller, more: object = {}) => service.call(caller, 'POST', `${path}/requests`, anEnabling(more)),
    approve: act('approve'),
    withdraw: act('withdraw'),
    off: (caller: Caller) => service.call(caller, 'POST', `${path}/off`, { reason: 'Not wanted any more.' }),
    read: (caller: Caller = officer, query = '') => service.call(caller, 'GET', path + query),
  };
}

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const fromNow = (ms: number): string => new Date(Date.now() + ms).toISOString();
