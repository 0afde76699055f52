/** Plays privacy-service: carries removals out when the history says so. */
import { randomUUID } from 'node:crypto';
import { ContactExpunged, type Data, EraseContactData, type ExpungeRequested } from '#contracts';
import type { Bus, Letter } from './bus.js';

/** notification-service, the third, is not here. */
const ANSWERING = 2;

export class Removals {
  private readonly open = new Map<string, { readonly request: Data<ExpungeRequested>; readonly done: Set<string> }>();

  constructor(private readonly bus: Bus) {}

  hear({ type, key, data }: Letter): void {
    if (type === 'ExpungeRequested') {
      this.open.set(key, { request: data as unknown as Data<ExpungeRequested>, done: new Set() });
    }
    if (type === 'ContactDataErased') this.complete(key, String(data.participant));
  }

  /** Asks all that have not answered, perhaps again. */
  carryOut(): void {
    const participants = ['contact-service', 'workflow-service', 'notification-service'];
    for (const { request } of this.open.values()) {
      const { tenantId, contactId, expungeId } = request;
      this.bus.post(this.bus.write(EraseContactData, { tenantId, contactId, expungeId, participants }));
    }
  }

  private complete(key: string, participant: string): void {
    const removal = this.open.get(key);
    if (removal?.done.add(participant).size !== ANSWERING) return;
    this.open.delete(key);
    const { tenantId, contactId, expungeId, reason, requestedAt } = removal.request;
    const about = { tenantId, contactId, expungeId, reason, certificateId: randomUUID() };
    this.bus.post(this.bus.write(ContactExpunged, { ...about, requestedAt, completedAt: requestedAt }));
  }
}
