/** Plays notification-service: what became of the mails that were sent. */
import { type Data, EmailAccepted, EmailBounced, EmailRejected, type SendEmail } from '#contracts';
import type { Letter } from './bus.js';
import { type Fate, HOUR } from './history.js';
import type { World } from './world.js';

export function acceptAll(world: World): void {
  for (const emailId of world.mails.keys()) tell(world, emailId, 'accepted');
}

/** Of each mail each thing is told once; what was accepted is not refused, and nothing follows a refusal. */
export function tell(world: World, emailId: string | undefined, fate: Fate, skew = 0): void {
  const mail = world.mails.get(emailId ?? '');
  if (!mail || mail.told.has(fate) || mail.told.has('refused')) return;
  const isOver = mail.told.has('accepted');
  if (isOver && (fate === 'delayed' || fate === 'refused')) return;
  mail.told.add(fate);
  world.bus.post(letterOf(world, mail.data, fate, skew));
}

export function letterOf({ bus }: World, mail: Data<SendEmail>, fate: Fate, skew = 0): Letter {
  const { tenantId, contactId, emailId, purpose } = mail;
  const about = { tenantId, contactId, emailId, purpose, at: new Date(Date.now() + skew * HOUR).toISOString() };
  switch (fate) {
    case 'accepted':
      return bus.write(EmailAccepted, about);
    case 'delayed':
    case 'refused':
      return bus.write(EmailRejected, { ...about, permanent: fate === 'refused', code: 'smtp-550' });
    case 'soft':
    case 'hard':
    case 'complaint':
      return bus.write(EmailBounced, { ...about, kind: fate, code: 'dsn-5-1-1' });
  }
}
