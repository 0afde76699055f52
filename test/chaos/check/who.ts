import type { Role } from '../run-folder.js';
import type { Facts } from './facts.js';

/** Who was to be removed, and who was not, by contact id; from what people did and were answered. */
export interface Expected {
  /** Was told that the removal begins. */
  readonly accepted: ReadonlySet<string>;
  /** Was asked and stayed silent. */
  readonly silent: ReadonlySet<string>;
  /** Answered at the last moment and was told that it was too late, or got no answer that counts. */
  readonly tooLate: ReadonlySet<string>;
  /** May not be touched: agreed and was told so, is only hidden, or did nothing. */
  readonly keep: ReadonlyMap<string, Role>;
  /** Imported people of whom nobody knows who they became: no mail ever asked them. */
  readonly lost: readonly string[];
  /** Where each of them gets mail. */
  readonly addressOf: ReadonlyMap<string, string>;
}

const ACCEPTED = new Set(['expunging', 'gone']);

export function expectedOf({ deeds, mails, contactOfMail }: Facts): Expected {
  const asked = new Map(mails.map(({ to, emailId }) => [to, contactOfMail.get(emailId)]));
  const known = deeds.flatMap((deed) => {
    const id = deed.contactId ?? asked.get(deed.address);
    return id === undefined ? [] : [{ ...deed, id }];
  });
  const imported = deeds.filter(({ what }) => what === 'imported');
  const importedKnown = known.filter(({ what }) => what === 'imported');
  const agreed = new Set(
    deeds.filter(({ what, answer }) => what === 'opt-in-answered' && answer === '200').map(({ address }) => address),
  );
  const stays = known.filter(({ what }) => what === 'hidden-answered' || what === 'seen');
  const asks = importedKnown.filter(({ role }) => role !== 'silent');
  return {
    accepted: idsOf(known.filter(({ what, answer = '' }) => what === 'removal-answered' && ACCEPTED.has(answer))),
    silent: idsOf(importedKnown.filter(({ role }) => role === 'silent')),
    tooLate: idsOf(asks.filter(({ address }) => !agreed.has(address))),
    keep: new Map([...stays, ...asks.filter(({ address }) => agreed.has(address))].map(({ id, role }) => [id, role])),
    lost: imported.map(({ address }) => address).filter((address) => asked.get(address) === undefined),
    addressOf: new Map(known.map(({ id, address }) => [id, address])),
  };
}

const idsOf = (deeds: readonly { readonly id: string }[]): ReadonlySet<string> => new Set(deeds.map(({ id }) => id));
