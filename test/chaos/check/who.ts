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
  const addressOf = new Map<string, string>();
  const keep = new Map<string, Role>();
  const [accepted, silent, tooLate] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const lost: string[] = [];
  const agreed = new Set(
    deeds.filter(({ what, answer }) => what === 'opt-in-answered' && answer === '200').map(({ address }) => address),
  );
  for (const { what, role, address, answer, contactId } of deeds) {
    const id = contactId ?? asked.get(address);
    if (id === undefined) {
      if (what === 'imported') lost.push(address);
      continue;
    }
    addressOf.set(id, address);
    if (what === 'removal-answered' && ACCEPTED.has(answer ?? '')) accepted.add(id);
    if (what === 'hidden-answered' || what === 'seen') keep.set(id, role);
    if (what !== 'imported') continue;
    if (role === 'silent') silent.add(id);
    else if (agreed.has(address)) keep.set(id, role);
    else tooLate.add(id);
  }
  return { accepted, silent, tooLate, keep, lost, addressOf };
}
