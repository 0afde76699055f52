import { EraseContactData } from '#contracts';
import { anEraseCommand } from '../../../test/support/make.js';
import type { ContactService, TestTenant } from './start.js';

/** The command that erases a contact whose removal a recruiter asks for now. */
export async function expunging(service: ContactService, tenant: TestTenant, contactId: string) {
  const { body } = await service.call(tenant.recruiter, 'POST', `/v1/contacts/${contactId}/expunge`);
  return anEraseCommand({ tenantId: tenant.tenantId, contactId, expungeId: String(body.expungeId) });
}

/** Removes a contact from this service, as a recruiter asked; the expunge's id. */
export async function expunge(service: ContactService, tenant: TestTenant, contactId: string): Promise<string> {
  const command = await expunging(service, tenant, contactId);
  await service.deliver(EraseContactData, command);
  return command.expungeId;
}
