import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ContactAdded, ContactDeclined, ContactDisabled, ContactOptedIn, EraseContactData } from '#contracts';
import { waitUntil } from '#local';
import { aContactAdded, anEraseCommand, many } from '../../../../test/support/make.js';
import {
  type Asks,
  SHORT_STEPS,
  startWorkflowService,
  STEPS,
  type WorkflowTestService,
} from '../../test/workflow-test-service.js';
import { lockDefinitions } from '../workflows/active-workflows.js';
import type { WorkflowView } from '../workflows/workflow-view.js';
import type { ActivationAnswer } from './activation-answers.js';
import type { DryRun } from './dry-run.js';
import { EnrolExisting } from './enrol-existing.js';

let service: WorkflowTestService;

beforeAll(async () => {
  service = await startWorkflowService({ ACTIVATION_SECOND_PERSON_ABOVE: '3' });
});
afterAll(() => service.stop());

const PATH = '/v1/workflows';

async function aDraft(asks: Asks, more: object = {}): Promise<WorkflowView> {
  const wanted = { name: 'Ask to opt in', trigger: 'import', steps: STEPS, ...more };
  return (await service.call(asks, 'POST', PATH, wanted)).body;
}
const act = (asks: Asks, { id }: { id: string }, verb: string, body: object) =>
  service.call<ActivationAnswer & { code: string; errors: { field: string }[] }>(
    asks,
    'POST',
    `${PATH}/${id}/${verb}`,
    body,
  );
const dryRun = async (asks: Asks, { id }: { id: string }) =>
  (await service.call<DryRun>(asks, 'GET', `${PATH}/${id}/dry-run`)).body;

/** Contacts that came in before anything was set up. */
async function known(tenantId: string, count: number, given: object = {}): Promise<string[]> {
  const contacts = many(count, () => aContactAdded({ tenantId, source: 'import', ...given }));
  await service.deliver(ContactAdded, contacts);
  return contacts.map(({ contactId }) => contactId);
}
async function enrolExisting(): Promise<number> {
  const pump = service.app.get(EnrolExisting);
  let chunks = 0;
  while ((await pump.execute()) === 'more') chunks += 1;
  return chunks;
}
const LATER = { startsAt: '2099-01-01T00:00:00Z' };
const startNow = ({ id }: WorkflowView) =>
  service.db.query(`UPDATE workflow_version SET starts_at = now() WHERE workflow_id = $1`, [id]);
async function untilWaiting(count: number): Promise<void> {
  const waiting = async () => {
    const [row] = await service.db.query(
      `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`,
    );
    return row.waiting === count || undefined;
  };
  await waitUntil(waiting, { what: `${count} wait for the definitions`, timeoutMs: 30_000 });
}
const enrolledOf = async (tenantId: string): Promise<string[]> => {
  const rows: { contact_id: string }[] = await service.db.query(
    'SELECT contact_id FROM enrolment WHERE tenant_id = $1 ORDER BY 1',
    [tenantId],
  );
  return rows.map((row) => row.contact_id);
};

describe('Activation', () => {
  test('When a definition cannot hold what it promises, then it stays a draft and all reasons are told at once', async () => {
    const asks = { tenantId: randomUUID() };
    const steps = [
      { action: 'send-reminder' },
      { action: 'send-opt-in', linkValidSeconds: 5 },
      { action: 'wait', seconds: 10 },
      { action: 'expunge' },
      { action: 'wait', seconds: 1 },
    ];
    const draft = await aDraft(asks, { steps });
    const answer = await act(asks, draft, 'activate', { revision: 1 });
    expect(answer).toMatchObject({ status: 422, body: { code: 'cannot-be-activated' } });
    expect(answer.body.errors.map(({ field }) => field)).toEqual([
      'steps.0',
      'steps.0',
      'steps.1',
      'steps.1',
      'steps.3',
    ]);
    expect((await dryRun(asks, draft)).problems.map(({ step, code }) => [step, code])).toEqual([
      [1, 'reminder-before-opt-in'],
      [1, 'grace-too-short'],
      [2, 'link-too-short'],
      [2, 'grace-too-short'],
      [4, 'expunge-not-last'],
    ]);
    expect((await service.call(asks, 'GET', `${PATH}/${draft.id}`)).body).toMatchObject({
      state: 'draft',
      revision: 1,
    });
  });

  test('When another workflow is active for the same way in, then it is refused until that one is archived', async () => {
    const asks = { tenantId: randomUUID() };
    const drafts = [await aDraft(asks), await aDraft(asks), await aDraft(asks)];
    const answers = await Promise.all(drafts.map((draft) => act(asks, draft, 'activate', { revision: 1 })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('another-is-active');
    const first = answers.find(({ status }) => status === 200)!.body.workflow;
    const other = drafts.find(({ id }) => id !== first.id)!;
    await act(asks, first, 'archive', { revision: 2 });
    expect((await act(asks, other, 'activate', { revision: 1 })).status).toBe(200);
    expect((await act({ tenantId: randomUUID() }, other, 'activate', { revision: 2 })).status).toBe(404);
  });

  test('When nothing is new, then there is nothing to activate', async () => {
    const asks = { tenantId: randomUUID() };
    const draft = await aDraft(asks);
    await act(asks, draft, 'activate', { revision: 1 });
    expect(await act(asks, draft, 'activate', { revision: 2 })).toMatchObject({
      status: 409,
      body: { code: 'nothing-to-activate' },
    });
    expect(await act(asks, draft, 'approve', { revision: 2 })).toMatchObject({
      status: 409,
      body: { code: 'nothing-to-approve' },
    });
  });

  test('When a contact comes in outside of the dates, or the filter, then it is not enrolled', async () => {
    const cases: [object, object, number][] = [
      [{ startsAt: '2099-01-01T00:00:00Z' }, {}, 0],
      [{ startsAt: '2020-01-01T00:00:00Z', endsAt: '2099-01-01T00:00:00Z' }, {}, 1],
      [{ filter: { countries: ['DE'] } }, { country: 'DE' }, 1],
      [{ filter: { countries: ['DE'] } }, { country: 'FR' }, 0],
      [{ filter: { countries: ['DE'] } }, {}, 0],
      [{ filter: { importIds: [randomUUID()] } }, { importId: randomUUID() }, 0],
    ];
    for (const [more, given, count] of cases) {
      const asks = { tenantId: randomUUID() };
      const { status } = await act(asks, await aDraft(asks, more), 'activate', { revision: 1 });
      await known(asks.tenantId, 1, given);
      expect([more, given, status, (await enrolledOf(asks.tenantId)).length]).toEqual([more, given, 200, count]);
    }
    const asks = { tenantId: randomUUID() };
    const over = await aDraft(asks, { endsAt: '2020-01-01T00:00:00Z' });
    expect((await act(asks, over, 'activate', { revision: 1 })).status).toBe(422);
  });

  test('When a workflow is archived, then nobody is enrolled any more and those under way go on', async () => {
    const active = await service.anActive(SHORT_STEPS);
    const { contactId } = await service.anEnrolled(active);
    await act(active, { id: active.workflowId }, 'archive', { revision: active.revision });
    const late = await service.anEnrolled(active);
    await service.fire();
    expect(await service.enrolment(late.contactId)).toBeUndefined();
    expect(await service.said(contactId)).toMatchObject([{ type: 'RequestOptIn' }]);
  });

  test('When a new version is activated, then those enrolled before keep theirs', async () => {
    const active = await service.anActive(SHORT_STEPS);
    const before = await service.anEnrolled(active);
    const path = `${PATH}/${active.workflowId}`;
    const changed = await service.call(active, 'PUT', path, {
      revision: active.revision,
      name: 'Faster',
      steps: [{ action: 'send-opt-in' }, { action: 'wait', seconds: 3_600 }, { action: 'expunge' }],
    });
    await act(active, { id: active.workflowId }, 'activate', { revision: changed.body.revision });
    const after = await service.anEnrolled(active);
    await service.fire();
    expect((await service.said(before.contactId))[0]?.data).toMatchObject({ graceSeconds: 30 * 86_400 });
    expect((await service.said(after.contactId))[0]?.data).toMatchObject({ graceSeconds: 3_600 });
    expect(await service.enrolment(before.contactId)).toMatchObject({ version: 1 });
    expect(await service.enrolment(after.contactId)).toMatchObject({ version: 2 });
  });
});

describe('Known contacts', () => {
  test('When a dry run is made, then it counts each of them once and enrols nobody', async () => {
    const asks = { tenantId: randomUUID() };
    const contacts = await known(asks.tenantId, 5, { country: 'DE' });
    await known(asks.tenantId, 2, { country: 'FR' });
    await known(asks.tenantId, 1, { source: 'manual' });
    const at = new Date().toISOString();
    for (const [n, type] of [ContactOptedIn, ContactDeclined, ContactDisabled].entries()) {
      await service.deliver(type as typeof ContactOptedIn, { ...asks, contactId: contacts[n]!, at });
    }
    const draft = await aDraft(asks, { filter: { countries: ['DE'] } });
    expect(await dryRun(asks, draft)).toEqual({
      version: 1,
      graceSeconds: 30 * 86_400,
      known: 7,
      filteredOut: 2,
      notAskedAgain: 3,
      enrolledBefore: 0,
      wouldEnrol: 2,
      needsSecondPerson: false,
      problems: [],
    });
    expect(await enrolledOf(asks.tenantId)).toEqual([]);
  });

  test('When few are affected, then the activation enrols them, and only those it may ask', async () => {
    const asks = { tenantId: randomUUID() };
    const [first, second, third] = await known(asks.tenantId, 3);
    await service.deliver(ContactOptedIn, { ...asks, contactId: third!, at: new Date().toISOString() });
    const draft = await aDraft(asks);
    expect(await act(asks, draft, 'activate', { revision: 1, enrolExisting: true })).toMatchObject({
      status: 200,
      body: { outcome: 'active', affected: 2 },
    });
    await enrolExisting();
    expect(await enrolledOf(asks.tenantId)).toEqual([first, second].sort());
    expect((await service.call(asks, 'GET', `${PATH}/${draft.id}`)).body.existing).toMatchObject({
      lookedAt: 3,
      enrolled: 2,
    });
    expect(await dryRun(asks, draft)).toMatchObject({ wouldEnrol: 0, enrolledBefore: 2, notAskedAgain: 1 });
  });

  test('When it is not asked for, then an activation enrols none of them', async () => {
    const asks = { tenantId: randomUUID() };
    await known(asks.tenantId, 9);
    expect(await act(asks, await aDraft(asks), 'activate', { revision: 1 })).toMatchObject({
      status: 200,
      body: { affected: 0 },
    });
    await enrolExisting();
    expect(await enrolledOf(asks.tenantId)).toEqual([]);
  });

  test('When many are affected, then a second person has to approve, and not whoever asked', async () => {
    const asks = { tenantId: randomUUID() };
    const contacts = await known(asks.tenantId, 4);
    const draft = await aDraft(asks);
    const asked = await act(asks, draft, 'activate', { revision: 1, enrolExisting: true });
    expect(asked).toMatchObject({
      status: 202,
      body: {
        outcome: 'pending-approval',
        affected: 4,
        workflow: { state: 'draft', pendingActivation: { requestedBy: 'carl' } },
      },
    });
    await enrolExisting();
    expect(await enrolledOf(asks.tenantId)).toEqual([]);
    expect(await act(asks, draft, 'approve', { revision: 2 })).toMatchObject({
      status: 409,
      body: { code: 'own-request' },
    });
    const second = { ...asks, subject: 'anna' };
    expect((await act({ ...second, role: 'recruiter' }, draft, 'approve', { revision: 2 })).status).toBe(403);
    expect((await act(second, draft, 'approve', { revision: 1 })).status).toBe(409);
    const approved = await act(second, draft, 'approve', { revision: 2 });
    expect(approved).toMatchObject({
      status: 200,
      body: { outcome: 'active', affected: 4, workflow: { state: 'active' } },
    });
    expect(approved.body.workflow.pendingActivation).toBeUndefined();
    await enrolExisting();
    expect(await enrolledOf(asks.tenantId)).toEqual(contacts.sort());
  });

  test('When more are affected than was asked for, then the new number has to be approved', async () => {
    const asks = { tenantId: randomUUID() };
    await known(asks.tenantId, 4);
    const draft = await aDraft(asks);
    await act(asks, draft, 'activate', { revision: 1, enrolExisting: true });
    await known(asks.tenantId, 1);
    const second = { ...asks, subject: 'anna' };
    expect(await act(second, draft, 'approve', { revision: 2 })).toMatchObject({
      status: 202,
      body: { outcome: 'pending-approval', affected: 5, workflow: { state: 'draft' } },
    });
    expect((await act(second, draft, 'approve', { revision: 2 })).status).toBe(200);
  });

  test('When the definition is changed after it was asked for, then there is nothing to approve any more', async () => {
    const asks = { tenantId: randomUUID() };
    await known(asks.tenantId, 4);
    const draft = await aDraft(asks);
    await act(asks, draft, 'activate', { revision: 1, enrolExisting: true });
    await service.call(asks, 'PUT', `${PATH}/${draft.id}`, { revision: 2, name: 'Other', steps: SHORT_STEPS });
    const approval = await act({ ...asks, subject: 'anna' }, draft, 'approve', { revision: 3 });
    expect(approval).toMatchObject({ status: 409, body: { code: 'nothing-to-approve' } });
  });

  test('When there are thousands, then two processes enrol each once, chunk by chunk, and erased ones not at all', async () => {
    const asks = { tenantId: randomUUID() };
    const contacts = await known(asks.tenantId, 2_400);
    const draft = await aDraft(asks);
    await act(asks, draft, 'activate', { revision: 1, enrolExisting: true });
    await act({ ...asks, subject: 'anna' }, draft, 'approve', { revision: 2 });
    await service.deliver(EraseContactData, anEraseCommand({ ...asks, contactId: contacts[7]! }));
    await Promise.all([enrolExisting(), enrolExisting()]);
    expect(await enrolledOf(asks.tenantId)).toEqual(contacts.filter((_, n) => n !== 7).sort());
    const { existing } = (await service.call(asks, 'GET', `${PATH}/${draft.id}`)).body;
    expect(existing).toMatchObject({ lookedAt: 2_399, enrolled: 2_399, finishedAt: expect.any(String) });
  });

  test('When it starts later, then they are enrolled then, and not who came in meanwhile', async () => {
    const asks = { tenantId: randomUUID() };
    const counted = await known(asks.tenantId, 1);
    const draft = await aDraft(asks, LATER);
    await act(asks, draft, 'activate', { revision: 1, enrolExisting: true });
    await enrolExisting();
    await known(asks.tenantId, 5);
    expect(await enrolledOf(asks.tenantId)).toEqual([]);
    await startNow(draft);
    await enrolExisting();
    expect(await enrolledOf(asks.tenantId)).toEqual(counted);
  });

  test('When another clock says when they were added, then all who were counted are enrolled at the start, and nobody else', async () => {
    const asks = { tenantId: randomUUID() };
    const counted = await known(asks.tenantId, 1, { at: '2098-01-01T00:00:00Z' });
    const draft = await aDraft(asks, LATER);
    expect(await act(asks, draft, 'activate', { revision: 1, enrolExisting: true })).toMatchObject({
      body: { outcome: 'active', affected: 1 },
    });
    await known(asks.tenantId, 5, { at: '2020-01-01T00:00:00Z' });
    await startNow(draft);
    await enrolExisting();
    expect(await enrolledOf(asks.tenantId)).toEqual(counted);
  });

  test('When they become known while an activation waits for its turn, then it enrols at the start those whom it has counted', async () => {
    const asks = { tenantId: randomUUID() };
    const draft = await aDraft(asks, LATER);
    const enrolling = service.db.createQueryRunner();
    await enrolling.startTransaction();
    await lockDefinitions(enrolling.manager, asks.tenantId, 'to-enrol');
    const activation = act(asks, draft, 'activate', { revision: 1, enrolExisting: true });
    await untilWaiting(1);
    const afterIt = known(asks.tenantId, 1);
    await untilWaiting(2);
    const beforeIt = randomUUID();
    await enrolling.query('INSERT INTO subject (contact_id, tenant_id) VALUES ($1, $2)', [beforeIt, asks.tenantId]);
    await enrolling.query(
      `INSERT INTO contact_fact (contact_id, tenant_id, source, added_at) VALUES ($1, $2, 'import', now())`,
      [beforeIt, asks.tenantId],
    );
    await enrolling.commitTransaction();
    await enrolling.release();
    expect((await activation).body).toMatchObject({ outcome: 'active', affected: 1 });
    await afterIt;
    await startNow(draft);
    await enrolExisting();
    expect(await enrolledOf(asks.tenantId)).toEqual([beforeIt]);
  });

  test('When nobody has noted since when they are known, then the time they were added counts', async () => {
    const asks = { tenantId: randomUUID() };
    const before = await known(asks.tenantId, 1, { at: '2020-01-01T00:00:00Z' });
    await known(asks.tenantId, 1, { at: '2098-01-01T00:00:00Z' });
    await service.db.query('UPDATE contact_fact SET known_at = NULL WHERE tenant_id = $1', [asks.tenantId]);
    const draft = await aDraft(asks, LATER);
    await act(asks, draft, 'activate', { revision: 1, enrolExisting: true });
    await startNow(draft);
    await enrolExisting();
    expect(await enrolledOf(asks.tenantId)).toEqual(before);
  });

  test('When another version is activated without them, then nobody is enrolled for what was agreed to before', async () => {
    const asks = { tenantId: randomUUID() };
    await known(asks.tenantId, 9);
    const draft = await aDraft(asks, { filter: { countries: ['NO'] }, startsAt: '2099-01-01T00:00:00Z' });
    const narrow = await act(asks, draft, 'activate', { revision: 1, enrolExisting: true });
    expect(narrow.body).toMatchObject({ outcome: 'active', affected: 0 });
    await service.call(asks, 'PUT', `${PATH}/${draft.id}`, { revision: 2, name: 'All', steps: STEPS });
    const all = await act(asks, draft, 'activate', { revision: 3 });
    expect(all.body).toMatchObject({ outcome: 'active', affected: 0 });
    await enrolExisting();
    expect(await enrolledOf(asks.tenantId)).toEqual([]);
    expect(all.body.workflow.existing).toMatchObject({ enrolled: 0, finishedAt: expect.any(String) });
  });

  test('When it fails for one company, then others are enrolled meanwhile', async () => {
    const [broken, sound] = [{ tenantId: randomUUID() }, { tenantId: randomUUID() }];
    for (const asks of [broken, sound]) {
      await known(asks.tenantId, 2);
      await act(asks, await aDraft(asks), 'activate', { revision: 1, enrolExisting: true });
    }
    // No count is as large.
    await service.db.query(`UPDATE existing_run SET looked_at = 2147483647 WHERE tenant_id = $1`, [broken.tenantId]);
    await enrolExisting();
    expect(await enrolledOf(broken.tenantId)).toEqual([]);
    expect(await enrolledOf(sound.tenantId)).toHaveLength(2);
  });
});
