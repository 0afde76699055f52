import { randomUUID } from 'node:crypto';
import type { ContactAdded, ContactExpunged, Data, EraseContactData } from '#contracts';

const BUILT_IN = ['contact-service', 'workflow-service', 'notification-service'];

export const aContactAdded = (given: Partial<Data<ContactAdded>> = {}): Data<ContactAdded> => ({
  tenantId: randomUUID(),
  contactId: randomUUID(),
  source: 'manual',
  at: new Date().toISOString(),
  ...given,
});

export const anEraseCommand = (given: Partial<Data<EraseContactData>> = {}): Data<EraseContactData> => ({
  tenantId: randomUUID(),
  contactId: randomUUID(),
  expungeId: randomUUID(),
  participants: BUILT_IN,
  ...given,
});

export const aContactExpunged = (given: Partial<Data<ContactExpunged>> = {}): Data<ContactExpunged> => ({
  tenantId: randomUUID(),
  contactId: randomUUID(),
  expungeId: randomUUID(),
  reason: 'account-deleted',
  requestedAt: new Date().toISOString(),
  completedAt: new Date().toISOString(),
  certificateId: randomUUID(),
  ...given,
});

export const many = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));
