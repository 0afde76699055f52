import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ContactAdded, ContactExpunged, EraseContactData } from '#contracts';
import { waitUntil } from '#local';
import { aContactAdded, aContactExpunged, anEraseCommand, many } from '../../../../test/support/make.js';
import { countStatements } from '../../../../test/support/statements.js';
import { startWorkflowService, type WorkflowTestService } from '../../test/workflow-test-service.js';

let service: WorkflowTestService;
const tenantId = randomUUID();

beforeAll(async () => {
  service = await startWorkflowService();
  await service.anActive(undefined, { tenantId });
});

afterAll(() => service.stop());

interface Held {
  readonly enrolments: number;
  readonly timers: number;
  readonly facts: number;
}

const held = async (contactId: string): Promise<Held> => {
  const [row] = await service.db.query(
    `SELECT (SELECT count(*)::int FROM enrolment WHERE contact_id = $1) AS enrolments,
            (SELECT count(*)::int FROM timer WHERE contact_id = $1) AS timers,
            (SELECT count(*)::int FROM contact_fact WHERE contact_id = $1) AS facts`,
    [contactId],
  );
  return row;
};

const answers = async (contactId: string) => {
  const waiting = await service.outbox();
  return waiting.filter(({ key }) => key === contactId);
};

async function anEnrolledContact(): Promise<string> {
  const contact = aContactAdded({ tenantId });
  await service.deliver(ContactAdded, contact);
  return contact.contactId;
}

describe('enrolment', () => {
  test('When a contact is added manually and the tenant has a workflow for that, then it is enrolled with a timer', async () => {
    expect(await held(await anEnrolledContact())).toEqual({ enrolments: 1, timers: 1, facts: 1 });
  });

  test('When a contact signed up, or the tenant has no workflow, then nobody is enrolled', async () => {
    const signedUp = aContactAdded({ tenantId, source: 'career-site' });
    const elsewhere = aContactAdded();
    await service.deliver(ContactAdded, [signedUp, elsewhere]);
    expect(await held(signedUp.contactId)).toEqual({ enrolments: 0, timers: 0, facts: 0 });
    expect(await held(elsewhere.contactId)).toEqual({ enrolments: 0, timers: 0, facts: 1 });
  });

  test('When the event comes twice, under two ids, then there is one enrolment', async () => {
    const contact = aContactAdded({ tenantId });
    await service.deliver(ContactAdded, [contact, contact]);
    expect(await held(contact.contactId)).toEqual({ enrolments: 1, timers: 1, facts: 1 });
  });
});

describe('erase', () => {
  test('When the contact is enrolled, then its rows are deleted and counted as evidence', async () => {
    const contactId = await anEnrolledContact();
    await service.deliver(EraseContactData, anEraseCommand({ tenantId, contactId }));
    expect(await held(contactId)).toEqual({ enrolments: 0, timers: 0, facts: 0 });
    const [answer] = await answers(contactId);
    expect(answer).toMatchObject({
      type: 'ContactDataErased',
      data: {
        participant: 'workflow-service',
        outcome: 'erased',
        stores: [
          { store: 'dead_letters', erased: 0, remaining: 0 },
          { store: 'timers', erased: 1, remaining: 0 },
          { store: 'enrolments', erased: 1, remaining: 0 },
          { store: 'contact_facts', erased: 1, remaining: 0 },
        ],
      },
    });
  });

  test('When asked again for the same request, then the same evidence is repeated', async () => {
    const contactId = await anEnrolledContact();
    const command = anEraseCommand({ tenantId, contactId });
    await service.deliver(EraseContactData, command);
    await service.deliver(EraseContactData, { ...command, participants: ['workflow-service'] });
    const [first, second] = await answers(contactId);
    expect(second?.data).toMatchObject({ stores: first?.data.stores, outcome: 'erased' });
  });

  test('When nothing is held, then the answer says so', async () => {
    const command = anEraseCommand({ tenantId });
    await service.deliver(EraseContactData, command);
    expect(await answers(command.contactId)).toMatchObject([{ data: { outcome: 'nothing_held' } }]);
  });

  test('When the command is not for this participant, then nothing happens', async () => {
    const contactId = await anEnrolledContact();
    await service.deliver(EraseContactData, anEraseCommand({ tenantId, contactId, participants: ['contact-service'] }));
    expect(await held(contactId)).toEqual({ enrolments: 1, timers: 1, facts: 1 });
    expect(await answers(contactId)).toEqual([]);
  });

  test('When the command names another tenant, then it is refused and nothing is deleted', async () => {
    const contactId = await anEnrolledContact();
    await service.deliver(EraseContactData, anEraseCommand({ contactId }));
    expect(await held(contactId)).toEqual({ enrolments: 1, timers: 1, facts: 1 });
    expect(await answers(contactId)).toMatchObject([
      { type: 'ContactErasureRefused', data: { reason: 'wrong-tenant' } },
    ]);
  });

  test('When the erase is over, then a late event for the contact enrols nobody', async () => {
    const contact = aContactAdded({ tenantId });
    await service.deliver(EraseContactData, anEraseCommand({ tenantId, contactId: contact.contactId }));
    await service.deliver(ContactAdded, contact);
    expect(await held(contact.contactId)).toEqual({ enrolments: 0, timers: 0, facts: 0 });
  });

  test('When an event is handled while the erase commits, then it waits at the lock and enrols nobody', async () => {
    const contact = aContactAdded({ tenantId });
    const eraser = service.db.createQueryRunner();
    await eraser.startTransaction();
    await eraser.query('INSERT INTO subject (contact_id, tenant_id) VALUES ($1, $2)', [contact.contactId, tenantId]);
    const late = service.deliver(ContactAdded, contact);
    await waitUntil(async () => (await waitingForLock()) || undefined, {
      what: 'the writer waits at the lock',
      timeoutMs: 20_000,
    });
    await eraser.query(
      `UPDATE subject SET expunge_id = $2, erased_at = now(), outcome = 'nothing_held', stores = '[]' WHERE contact_id = $1`,
      [contact.contactId, randomUUID()],
    );
    await eraser.commitTransaction();
    await eraser.release();
    await late;
    expect(await held(contact.contactId)).toEqual({ enrolments: 0, timers: 0, facts: 0 });
  });

  test('When the contact is expunged according to the public record, then its rows go without an answer', async () => {
    const contactId = await anEnrolledContact();
    await service.deliver(ContactExpunged, aContactExpunged({ tenantId, contactId }));
    expect(await held(contactId)).toEqual({ enrolments: 0, timers: 0, facts: 0 });
    expect(await answers(contactId)).toEqual([]);
  });

  test('When 300 contacts are erased in a batch, then it takes as many statements as for one', async () => {
    const contacts = many(300, () => aContactAdded({ tenantId }));
    await service.deliver(ContactAdded, contacts);
    const commands = contacts.map(({ contactId }) => anEraseCommand({ tenantId, contactId }));
    const one = await countStatements(service.appDb, () => service.deliver(EraseContactData, commands.slice(0, 1)));
    const rest = await countStatements(service.appDb, () => service.deliver(EraseContactData, commands.slice(1)));
    expect(rest).toBe(one);
    expect(await held(contacts[299]!.contactId)).toEqual({ enrolments: 0, timers: 0, facts: 0 });
  });
});

async function waitingForLock(): Promise<boolean> {
  const [row] = await service.db.query(
    `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return row.waiting > 0;
}
