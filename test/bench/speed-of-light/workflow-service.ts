import { erase, lock } from './erase.js';
import { consume } from './kafka.js';
import { startRelay } from './outbox.js';

const STORES = [
  { name: 'timers', table: 'timer' },
  { name: 'enrolments', table: 'enrolment' },
  { name: 'contact_facts', table: 'contact_fact' },
];

const wake = await startRelay();
await consume(
  'workflow-service',
  ['expunge.commands', 'contact.expunged', 'notification.events', 'contact.events'],
  async (db, messages) => {
    const about = messages.filter(({ type }) => type === 'EraseContactData.v1' || type === 'ContactExpunged.v1');
    if (about.length > 0) await lock(db, about);
    await erase(
      db,
      'workflow-service',
      STORES,
      messages.filter(({ type }) => type === 'EraseContactData.v1'),
    );
  },
  wake,
);
