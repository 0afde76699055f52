import type { Api } from '../../api.js';
import type { LocalSystem } from '../../system.js';
import { proves, publishedKeys } from './confirmation.js';
import { behaviourAt } from './people.js';
import type { Recipients } from './recipients.js';
import type { ConsentScene } from './set-the-scene.js';
import { whoIsThere } from './who-is-there.js';

export interface Outcome {
  readonly scene: ConsentScene;
  /** Contacts of the client right after the import, by id. */
  readonly before: ReadonlyMap<string, string>;
  /** Ids that other systems were told are gone. */
  readonly expunged: ReadonlySet<string>;
  readonly recipients: Recipients;
}

/**
 * Counts contacts that were removed and should not have been, were not and should have been, or have no confirmation that is
 * signed and about them. Right only when nothing is on its way any more.
 */
export async function findWrongs(
  system: LocalSystem,
  api: Api,
  { scene, before, expunged, recipients }: Outcome,
): Promise<number> {
  const contacts = system.urls['contact-service'];
  const kept = new Set(scene.bystanders.map(({ contactId }) => contactId));
  const after = await whoIsThere(api, scene.recruiter, contacts);
  const keys = publishedKeys(system.urls['privacy-service']);
  const isTold = async (contactId: string, address: string): Promise<boolean> => {
    const confirmation = recipients.confirmed.get(address);
    return confirmation !== undefined && proves(confirmation, { contactId, address }, keys);
  };
  let wrong = 0;
  for (const [id, address] of before) {
    const shouldGo = !kept.has(id) && isRemoved(address);
    const right = shouldGo
      ? expunged.has(id) && !after.has(id) && (await isTold(id, address))
      : !expunged.has(id) && after.get(id) === address && !recipients.confirmed.has(address);
    if (!right) wrong += 1;
  }
  const strangers = [...expunged].filter((id) => !before.has(id)).length;
  return wrong + strangers + (await countMissing(api, contacts, scene));
}

function isRemoved(address: string): boolean {
  const behaviour = behaviourAt(address);
  return behaviour === 'stays-silent' || behaviour === 'declines';
}

/** People who signed up themselves, also at the other client, are all still there. */
async function countMissing(api: Api, contacts: string, { bystanders }: ConsentScene): Promise<number> {
  const looks = bystanders.map(async ({ contactId, recruiter }) => {
    const { body } = await api.call<{ state: string }>(recruiter, 'GET', `${contacts}/v1/contacts/${contactId}`);
    return body.state === 'active';
  });
  const there = await Promise.allSettled(looks);
  return there.filter((look) => look.status === 'rejected' || !look.value).length;
}
