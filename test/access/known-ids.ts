import { ExpungeRequested, ExpungeWaiting } from '#contracts';
import { anAsk } from '../../apps/contact-service/test/opt-in-ask.js';
import { aContact } from '../../apps/contact-service/test/start.js';
import { aLink } from '../../apps/contact-service/test/removal-link.js';
import {
  anExpunged,
  aRequest,
  aToken,
  aWaiting,
  hashOf,
} from '../../apps/privacy-service/test/privacy-test-service.js';
import type { FourServices } from './four-services.js';
import type { World } from './world.js';

const LEARNED = 5;

/** What exists at each place of an address: `/v1/contacts/` has ids of contacts, `/status/` tokens. */
export class KnownIds {
  private readonly learned = new Map<string, number>();

  private constructor(private readonly byPlace: Map<string, string[]>) {}

  static async of(services: FourServices, world: World): Promise<KnownIds> {
    const { tenantId, contactId, held, holdId, importId, uploading, person, workflowId } = world;
    const { contact, privacy } = services;
    const token = aToken();
    const done = await anExpunged(privacy, { tenantId, statusTokenHash: hashOf(token) });
    const [begun, waiting] = [aRequest({ tenantId }), aRequest({ tenantId })];
    await privacy.deliver(ExpungeRequested, begun);
    await privacy.deliver(ExpungeWaiting, aWaiting(waiting));
    const link = await aLink(contact, { tenantId, email: person.email, contactId });
    const recruiter = { subject: 'recruiter', tenantId, roles: ['recruiter' as const] };
    const asked = await anAsk(contact, { tenantId, contactId: await aContact(contact, { recruiter }) });
    return new KnownIds(
      new Map([
        ['/v1/contacts/', [contactId, held]],
        ['/v1/contacts/{id}/holds/', [holdId]],
        ['/v1/tenants/', [tenantId]],
        ['/v1/imports/', [importId, importId, importId, uploading]],
        ['/v1/workflows/', [workflowId]],
        ['/v1/expunge-requests/', [done, begun, waiting].map(({ expungeId }) => expungeId)],
        ['/status/', [token]],
        ['/r/', [link]],
        ['/o/', [asked.token]],
      ]),
    );
  }

  at(place: string): readonly string[] {
    return this.byPlace.get(place) ?? [];
  }

  /** From now on this one is all there is at a place. */
  only(place: string, id: string): void {
    this.byPlace.set(place, [id]);
  }

  /** Takes up the first ids of what was made at an address. */
  learn(path: string, id: string): void {
    const place = `${path}/`;
    const count = this.learned.get(place) ?? 0;
    if (count >= LEARNED) return;
    this.learned.set(place, count + 1);
    this.byPlace.set(place, [...this.at(place), id]);
  }
}
