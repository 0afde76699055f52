import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { aHold } from '../../test/a-hold.js';
import {
  anAsk,
  anAskedPerson,
  answerForm,
  fieldsOf,
  oneClick,
  openForm,
  postForm,
  seen,
  titleOf,
} from '../../test/opt-in-ask.js';
import {
  aPerson,
  aTenant,
  type ContactService,
  erase,
  startContactService,
  STATUS_PAGE_URL,
  tenantFacts,
} from '../../test/start.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

const consentOf = async (contactId: string): Promise<unknown> =>
  (await service.db.query<{ consent: string }[]>('SELECT consent FROM contact WHERE id = $1', [contactId]))[0]?.consent;
const recordsOf = (contactId: string): Promise<unknown[]> =>
  service.db.query('SELECT decision, how, email_id FROM consent_record WHERE contact_id = $1 ORDER BY at, id', [
    contactId,
  ]);
const decisionsOf = async (contactId: string): Promise<string[]> =>
  ((await recordsOf(contactId)) as { decision: string }[]).map(({ decision }) => decision);
const saidOf = async (contactId: string): Promise<string[]> =>
  (await service.said(contactId)).map(({ type }) => type).filter((type) => type !== 'ContactAdded');
const everything = (contactId: string): Promise<unknown> =>
  service.db.query(
    `SELECT contact.*, ask.*, (SELECT count(*) FROM outbox WHERE key = $1::text) AS said,
       (SELECT count(*) FROM consent_record WHERE contact_id = $1::uuid) AS records FROM contact
     JOIN opt_in_ask ask ON ask.contact_id = contact.id WHERE contact.id = $1::uuid`,
    [contactId],
  );
const atSubject = (contactId: string) => ({
  sql: 'SELECT 1 FROM subject WHERE contact_id = $1 FOR UPDATE',
  values: [contactId],
});

const OFFER: [number, string] = [200, 'May Acme Corporation keep your data?'];
const OPTED_IN: [number, string] = [200, 'You have opted in'];
const DECLINED: [number, string] = [200, 'You have declined'];
const WITHDRAWN: [number, string] = [200, 'You have withdrawn your consent'];
const REMOVING = 'Your data is being removed';
const WAITING = 'The removal of your data is accepted';
const DISABLED = 'Your data is not used any more';
const EXPIRED: [number, string] = [410, 'This link has expired'];
const UNKNOWN: [number, string] = [404, 'Nothing here'];

describe('Opening the form', () => {
  test('When it is opened, by people or scanners, in any way, then it shows and changes nothing', async () => {
    const { contactId, token } = await anAskedPerson(service);
    const before = await everything(contactId);
    const queries = ['', '?lang=ar', '?page=remove', '?decision=opt-in&agree=yes', '?List-Unsubscribe=One-Click'];
    for (const query of queries) {
      for (const method of ['GET', 'HEAD', 'GET']) {
        expect(await openForm(service, token + query, { method })).toMatchObject({ status: 200 });
      }
    }
    expect(await everything(contactId)).toEqual(before);
  });

  test('When it is read, then it says who asks and who is answered for nobody to see', async () => {
    const { token } = await anAskedPerson(service);
    const page = await openForm(service, token);
    expect(seen(page)).toEqual(OFFER);
    expect(page.html).toContain('privacy@acme.example');
    expect(page.html).toContain(new Date().toISOString().slice(0, 10));
    expect(page.html).not.toMatch(/<script|example\.org|Zoë|Ångström|http-equiv/);
    expect(Object.fromEntries(page.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-robots-tag': 'noindex, nofollow',
      'content-security-policy': expect.stringMatching(
        /default-src 'none'.*form-action 'self'.*frame-ancestors 'none'/,
      ),
    });
  });

  test('When the mail was accepted, then the last day is named; before that, the time that stands in the mail', async () => {
    const days = (n: number) => n * 86_400;
    const { token, contactId, tenantId, emailId } = await anAskedPerson(service, { graceSeconds: days(30) });
    const day = new Date(Date.now() - 60_000 + days(30) * 1_000);
    const named = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: 'UTC' }).format(day);
    expect((await openForm(service, token)).html).toContain(`If you have not opted in by ${named}`);
    const enrolmentId = randomUUID();
    const about = { tenantId, contactId };
    const waits = await anAsk(service, about, { enrolmentId, acceptedSecondsAgo: null });
    expect((await openForm(service, waits.token)).html).toContain('by the end of the time named in the mail');
    const stop = (id: string) =>
      service.db.query(`UPDATE opt_in_ask SET stopped_at = now(), stopped_by = 'rita' WHERE email_id = $1`, [id]);
    await stop(emailId);
    expect((await openForm(service, token)).html).toContain('by the end of the time named in the mail');
    await stop(waits.emailId);
    expect((await openForm(service, token)).html).toContain('Your data is not removed by itself.');
  });

  test.each<[string, Parameters<typeof anAskedPerson>[1]]>([
    ['the policy is off', { policy: 'off' }],
    ['the mail promised that nobody is removed', { graceSeconds: 0 }],
  ])('When %s, then the page does not threaten with a removal', async (_, made) => {
    const { html } = await openForm(service, (await anAskedPerson(service, made)).token);
    expect(html).toContain('Your data is not removed by itself.');
    expect(html).not.toMatch(/removed for good on that day|end of the time named/);
  });
});

describe('Deciding', () => {
  test('When the box is ticked and the button pressed, then the person has opted in, with proof', async () => {
    const { contactId, token, emailId, tenantId } = await anAskedPerson(service);
    expect(seen(await answerForm(service, token, 'opt-in'))).toEqual(OPTED_IN);
    expect(seen(await openForm(service, token))).toEqual(OPTED_IN);
    expect(await consentOf(contactId)).toBe('opted-in');
    expect(await recordsOf(contactId)).toEqual([{ decision: 'opted-in', how: 'form', email_id: emailId }]);
    const [row] = await service.db.query(
      `SELECT consent_at, record.at FROM contact JOIN consent_record record ON record.contact_id = contact.id
       WHERE contact.id = $1`,
      [contactId],
    );
    const said = (await service.said(contactId)).filter(({ type }) => type !== 'ContactAdded');
    expect(said).toMatchObject([{ type: 'ContactOptedIn', data: { tenantId, contactId, at: row.at.toISOString() } }]);
    expect(row.consent_at).toEqual(row.at);
    const audited = await service.db.query(
      `SELECT actor, action, outcome, detail FROM audit_log WHERE target = $1 AND action LIKE 'consent.%'`,
      [contactId],
    );
    expect(audited).toEqual([
      { actor: 'link-holder', action: 'consent.opted-in', outcome: 'done', detail: { how: 'form' } },
    ]);
  });

  test('When a person declines, then it is said what follows, and it can be changed', async () => {
    const { contactId, token } = await anAskedPerson(service);
    const page = await answerForm(service, token, 'decline');
    expect(seen(page)).toEqual(DECLINED);
    expect(page.html).toContain('You receive no further mails');
    expect(page.html).toMatch(/If you have not opted in by .* removed for good/);
    expect(await consentOf(contactId)).toBe('declined');
    expect(seen(await answerForm(service, token, 'opt-in'))).toEqual(OPTED_IN);
    expect(await consentOf(contactId)).toBe('opted-in');
    expect(await decisionsOf(contactId)).toEqual(['declined', 'opted-in']);
    expect(await saidOf(contactId)).toEqual(['ContactDeclined', 'ContactOptedIn']);
  });

  test('When consent is withdrawn, then nothing is removed by itself, now or later, and the page says so', async () => {
    const { contactId, token } = await anAskedPerson(service);
    await answerForm(service, token, 'opt-in');
    const page = await answerForm(service, token, 'decline');
    expect(seen(page)).toEqual(WITHDRAWN);
    expect(page.html).toContain('it is not removed by itself');
    expect(page.html).not.toMatch(/removed for good on that day|end of the time named/);
    expect(await consentOf(contactId)).toBe('declined');
    expect(await saidOf(contactId)).toEqual(['ContactOptedIn', 'ContactDeclined']);
    const stopped = await service.db.query(
      'SELECT stopped_by FROM opt_in_ask WHERE contact_id = $1 AND stopped_at IS NOT NULL',
      [contactId],
    );
    expect(stopped).toEqual([{ stopped_by: 'withdrawn' }]);
    expect(seen(await answerForm(service, token, 'opt-in'))).toEqual(OPTED_IN);
    expect(await decisionsOf(contactId)).toEqual(['opted-in', 'declined', 'opted-in']);
  });

  test.each(['opt-in', 'decline'] as const)(
    'When %s is sent again, then no second record is made',
    async (decision) => {
      const { contactId, token } = await anAskedPerson(service);
      const { html } = await openForm(service, token);
      const pages = [];
      for (let n = 0; n < 3; n += 1) pages.push(await postForm(service, token, fieldsOf(html, decision)));
      expect(new Set(pages.map((page) => page.html)).size).toBe(1);
      expect(await recordsOf(contactId)).toHaveLength(1);
      expect(await saidOf(contactId)).toHaveLength(1);
    },
  );

  test('When two clicks come at once, then there is one record and both see it', async () => {
    const { contactId, token } = await anAskedPerson(service);
    const held = { ...atSubject(contactId), waiting: 2 };
    const answers = () => Promise.all([answerForm(service, token, 'opt-in'), answerForm(service, token, 'opt-in')]);
    const pages = await service.whileHeld(held, answers);
    expect(pages.map(seen)).toEqual([OPTED_IN, OPTED_IN]);
    expect(await recordsOf(contactId)).toHaveLength(1);
    expect(await saidOf(contactId)).toEqual(['ContactOptedIn']);
  });

  test('When yes and no come at once, then the later one counts, and the times say which that is', async () => {
    const { contactId, token } = await anAskedPerson(service);
    const held = { ...atSubject(contactId), waiting: 2 };
    await service.whileHeld(held, () =>
      Promise.all([answerForm(service, token, 'opt-in'), answerForm(service, token, 'decline')]),
    );
    const decisions = await decisionsOf(contactId);
    expect(decisions).toHaveLength(2);
    expect(await consentOf(contactId)).toBe(decisions[1]);
    expect((await saidOf(contactId))[1]).toBe(decisions[1] === 'opted-in' ? 'ContactOptedIn' : 'ContactDeclined');
  });

  test('When another mail of the enrolment has a link too, then both show what was decided by one', async () => {
    const { tenantId, contactId, token } = await anAskedPerson(service);
    const reminder = await anAsk(service, { tenantId, contactId }, { template: 'opt-in-reminder' });
    await answerForm(service, reminder.token, 'opt-in');
    expect([seen(await openForm(service, token)), await answerAgain(token)]).toEqual([OPTED_IN, OPTED_IN]);
    expect(await recordsOf(contactId)).toEqual([{ decision: 'opted-in', how: 'form', email_id: reminder.emailId }]);
  });
});

/** As from a page that was opened before anything was decided. */
const answerAgain = async (token: string): Promise<[number, string]> => {
  const { html } = await openForm(service, (await anAskedPerson(service)).token);
  return seen(await postForm(service, token, fieldsOf(html, 'opt-in')));
};

describe('Removing by the form', () => {
  test('When it is asked for, then a second page says what it means, and its ticked box removes', async () => {
    const { contactId, token } = await anAskedPerson(service);
    const page = await openForm(service, `${token}?page=remove`);
    expect(titleOf(page)).toBe('Have your data removed?');
    expect(page.html).toContain('It cannot be undone.');
    const removing = await answerForm(service, token, 'remove');
    expect(seen(removing)).toEqual([200, REMOVING]);
    expect(removing.html).toContain(`href="${STATUS_PAGE_URL}`);
    expect((await openForm(service, token)).html).toBe(removing.html);
    expect((await postForm(service, token, { decision: 'remove', confirm: 'yes' })).html).toBe(removing.html);
    const requests = (await service.said(contactId)).filter(({ type }) => type === 'ExpungeRequested');
    expect(requests.map(({ data }) => [data.reason, data.requestedBy])).toEqual([
      ['requested-by-address', 'address-holder'],
    ]);
    expect(await decisionsOf(contactId)).toEqual([]);
  });

  test('When the policy is off, then the page says that data is only put out of use, and does that', async () => {
    const { contactId, token } = await anAskedPerson(service, { policy: 'off' });
    expect((await openForm(service, token)).html).toContain('Have my data put out of use');
    const page = await openForm(service, `${token}?page=remove`);
    expect(page.html).toContain('It is not deleted: permanent removal is not switched on for this company.');
    expect(page.html).not.toContain('Remove my data for good');
    expect(seen(await answerForm(service, token, 'remove'))).toEqual([200, DISABLED]);
    expect(seen(await openForm(service, token))).toEqual([200, DISABLED]);
    expect(await saidOf(contactId)).toEqual(['ContactDisabled']);
  });

  test.each(['hold', 'kill switch'])(
    'When a %s forbids it for now, then it waits, and why is not told',
    async (why) => {
      const { tenant, contactId, token } = await anAskedPerson(service);
      if (why === 'hold') await aHold(service, tenant, contactId);
      else await tenant.setKillSwitch(true);
      expect((await openForm(service, token)).html).not.toMatch(/hold\b|litigation|kill|switch/i);
      const page = await answerForm(service, token, 'remove');
      expect(seen(page)).toEqual([200, WAITING]);
      expect(page.html).toContain(`href="${STATUS_PAGE_URL}`);
      expect(page.html).not.toMatch(/hold\b|litigation|kill|switch/i);
      expect((await openForm(service, token)).html).toBe(page.html);
    },
  );

  test('When the policy is permanent by now, then who was only disabled can still be removed', async () => {
    const { tenant, contactId, token } = await anAskedPerson(service, { policy: 'off' });
    await answerForm(service, token, 'remove');
    await tenant.setPolicy('permanent');
    expect((await openForm(service, token)).html).toContain('?lang=en&amp;page=remove');
    expect(seen(await answerForm(service, token, 'remove'))).toEqual([200, REMOVING]);
    expect(await saidOf(contactId)).toEqual(['ContactDisabled', 'ExpungeRequested']);
  });
});

describe('An answer that comes too late', () => {
  test('When the expunge has committed, then opting in loses clearly, with the way to the status', async () => {
    const { tenant, contactId, token } = await anAskedPerson(service);
    const { html } = await openForm(service, token);
    await service.call(tenant.recruiter, 'POST', `/v1/contacts/${contactId}/expunge`);
    for (const decision of ['opt-in', 'decline']) {
      const page = await postForm(service, token, fieldsOf(html, decision));
      expect(seen(page)).toEqual([409, REMOVING]);
      expect(page.html).toContain('Your answer came too late and was not recorded.');
      expect(page.html).toContain(`href="${STATUS_PAGE_URL}`);
    }
    expect([await consentOf(contactId), await decisionsOf(contactId)]).toEqual(['none', []]);
    expect(seen(await openForm(service, token))).toEqual([200, REMOVING]);
  });

  test('When the expunge commits while the answer waits for its lock, then it loses too', async () => {
    const { contactId, token, tenantId } = await anAskedPerson(service);
    const { html } = await openForm(service, token);
    const page = await service.whileHeld(
      atSubject(contactId),
      () => postForm(service, token, fieldsOf(html, 'opt-in')),
      (eraser) =>
        eraser.query(
          `UPDATE contact SET state = 'expunging', expunge_id = gen_random_uuid(), status_token = 'abc',
             expunge_request = '{}', expunge_repeat_at = now() + interval '1 day' WHERE id = $1 AND tenant_id = $2`,
          [contactId, tenantId],
        ),
    );
    expect(seen(page)).toEqual([409, REMOVING]);
    expect([await consentOf(contactId), await saidOf(contactId)]).toEqual(['none', []]);
  });

  test('When the answer has the lock first, then it is recorded before anybody can expunge', async () => {
    const { tenant, contactId, token } = await anAskedPerson(service);
    const { html } = await openForm(service, token);
    // Stops the answer after it took its locks, before it writes.
    const held = { sql: 'SELECT 1 FROM contact WHERE id = $1 FOR UPDATE', values: [contactId], waiting: 2 };
    const both = () =>
      Promise.all([
        postForm(service, token, fieldsOf(html, 'opt-in')),
        afterAnotherWaits(() => service.call(tenant.recruiter, 'POST', `/v1/contacts/${contactId}/expunge`)),
      ]);
    const [page, expunge] = await service.whileHeld(held, both);
    expect([seen(page), expunge.status]).toEqual([OPTED_IN, 202]);
    expect(await saidOf(contactId)).toEqual(['ContactOptedIn', 'ExpungeRequested']);
  });

  test('When the contact was erased meanwhile, then there is nothing any more', async () => {
    const { contactId, token } = await anAskedPerson(service);
    const { html } = await openForm(service, token);
    const page = await service.whileHeld(
      atSubject(contactId),
      () => postForm(service, token, fieldsOf(html, 'opt-in')),
      async (eraser) => {
        await eraser.query('DELETE FROM opt_in_ask WHERE contact_id = $1', [contactId]);
        await erase(eraser, contactId);
      },
    );
    expect(seen(page)).toEqual(UNKNOWN);
    expect(seen(await openForm(service, token))).toEqual(UNKNOWN);
    const clicked = await oneClick(service, token);
    expect([clicked.status, clicked.html.length < 100]).toEqual([200, true]);
    expect([await decisionsOf(contactId), await saidOf(contactId)]).toEqual([[], []]);
  });

  test('When the contact is disabled, then nothing is recorded', async () => {
    const { contactId, token } = await anAskedPerson(service, { policy: 'off' });
    const { html } = await openForm(service, token);
    await answerForm(service, token, 'remove');
    expect(seen(await postForm(service, token, fieldsOf(html, 'opt-in')))).toEqual([409, DISABLED]);
    expect(await decisionsOf(contactId)).toEqual([]);
  });
});

/** Waits until somebody waits for a lock. */
async function afterAnotherWaits<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    const [{ waiting }] = await service.db.query(
      `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (waiting > 0) return work();
  }
}

describe('A link that does not count', () => {
  const aged = { linkValidSeconds: 3_600, acceptedSecondsAgo: 3_601 };

  test('When it has expired, then it says so, shows what was decided, and changes nothing', async () => {
    const { contactId, token } = await anAskedPerson(service, aged);
    const fresh = await openForm(service, (await anAskedPerson(service)).token);
    expect(seen(await openForm(service, token))).toEqual(EXPIRED);
    for (const decision of ['opt-in', 'decline'])
      expect(seen(await postForm(service, token, fieldsOf(fresh.html, decision)))).toEqual(EXPIRED);
    expect(seen(await postForm(service, token, { decision: 'remove', confirm: 'yes' }))).toEqual(EXPIRED);
    expect(seen(await openForm(service, `${token}?page=remove`))).toEqual(EXPIRED);
    expect([await consentOf(contactId), await saidOf(contactId)]).toEqual(['none', []]);
    expect((await openForm(service, token)).html).toContain('You have not answered.');
  });

  test('When the person has agreed once, then it never expires: to withdraw is as easy, and to agree again', async () => {
    const { contactId, token } = await anAskedPerson(service, { linkValidSeconds: 3_600 });
    expect(seen(await answerForm(service, token, 'opt-in'))).toEqual(OPTED_IN);
    await service.db.query(`UPDATE opt_in_ask SET accepted_at = now() - interval '1 year' WHERE contact_id = $1`, [
      contactId,
    ]);
    expect(seen(await openForm(service, token))).toEqual(OPTED_IN);
    expect(seen(await answerForm(service, token, 'decline'))).toEqual(WITHDRAWN);
    expect(seen(await answerForm(service, token, 'opt-in'))).toEqual(OPTED_IN);
    expect(seen(await answerForm(service, token, 'remove'))).toEqual([200, REMOVING]);
    expect(await decisionsOf(contactId)).toEqual(['opted-in', 'declined', 'opted-in']);
  });

  describe('while silence can still remove the contact', () => {
    const LONG_AGO = { linkValidSeconds: 3_600, acceptedSecondsAgo: 90 * 86_400 };
    const overdue = { graceSeconds: 3_600, ...LONG_AGO };

    test.each(['a hold', 'the kill switch', 'the policy', 'a command that waits'])(
      'When the removal is put off by %s, then a yes is heard long after the link should have expired',
      async (why) => {
        const { tenant, contactId, token } = await anAskedPerson(service, overdue);
        if (why === 'a hold') await aHold(service, tenant, contactId);
        if (why === 'the kill switch') await tenant.setKillSwitch(true);
        if (why === 'the policy') await tenant.setPolicy('off');
        const offer = await openForm(service, token);
        expect(seen(offer)).toEqual(OFFER);
        if (why !== 'the policy') expect(offer.html).toContain('The time to answer is over.');
        expect(seen(await answerForm(service, token, 'decline'))).toEqual(DECLINED);
        expect(seen(await answerForm(service, token, 'opt-in'))).toEqual(OPTED_IN);
        expect(await decisionsOf(contactId)).toEqual(['declined', 'opted-in']);
      },
    );

    test('When it can on account of another workflow only, then the link of one that only asks tells so, and takes a yes', async () => {
      const { token, ...about } = await anAskedPerson(service, { graceSeconds: 0, ...LONG_AGO });
      expect(seen(await openForm(service, token))).toEqual(EXPIRED);
      await anAsk(service, about, { graceSeconds: 3_600, acceptedSecondsAgo: 3_000 });
      const page = await openForm(service, token);
      expect(seen(page)).toEqual(OFFER);
      expect(page.html).toMatch(/If you have not opted in by .*, your data is removed for good/);
      expect(seen(await answerForm(service, token, 'opt-in'))).toEqual(OPTED_IN);
    });

    test('When a reminder is on its way, which gives more time, then the page does not say that the time is over', async () => {
      const enrolmentId = randomUUID();
      const { token, ...about } = await anAskedPerson(service, { ...overdue, enrolmentId });
      await anAsk(service, about, { template: 'opt-in-reminder', enrolmentId, acceptedSecondsAgo: null });
      expect((await openForm(service, token)).html).toContain('by the end of the time named in the mail');
    });

    test('When the last mail said that nothing is removed, then the page says so too', async () => {
      const enrolmentId = randomUUID();
      const { token, ...about } = await anAskedPerson(service, { enrolmentId });
      await anAsk(service, about, { graceSeconds: 0, template: 'opt-in-reminder', enrolmentId, acceptedSecondsAgo: 9 });
      expect((await openForm(service, token)).html).toContain('Your data is not removed by itself.');
    });

    test('When the person asks for the removal instead, then it begins', async () => {
      const { token } = await anAskedPerson(service, overdue);
      expect(seen(await answerForm(service, token, 'remove'))).toEqual([200, REMOVING]);
    });

    test.each([
      ['its enrolment was stopped', `UPDATE opt_in_ask SET stopped_at = now(), stopped_by = 'x' WHERE contact_id = $1`],
      ['its mail came back', `UPDATE opt_in_ask SET bounce_kind = 'hard', bounced_at = now() WHERE contact_id = $1`],
      ['its mail promised no removal', 'UPDATE opt_in_ask SET grace_seconds = 0 WHERE contact_id = $1'],
      ['the person has an account', `UPDATE contact SET candidate_subject = 'x' || id WHERE id = $1`],
      ['the contact is disabled', `UPDATE contact SET state = 'disabled', disabled_at = now() WHERE id = $1`],
    ])('When it cannot, because %s, then the link has expired', async (_, change) => {
      const { contactId, token } = await anAskedPerson(service, overdue);
      await service.db.query(change, [contactId]);
      expect(seen(await openForm(service, token))).toEqual(EXPIRED);
    });
  });

  test('When it is about to expire, or its mail was not accepted yet, then it counts', async () => {
    const almost = await anAskedPerson(service, { linkValidSeconds: 3_600, acceptedSecondsAgo: 3_540 });
    expect(seen(await openForm(service, almost.token))).toEqual(OFFER);
    const unsent = await anAskedPerson(service, { linkValidSeconds: 1, acceptedSecondsAgo: null });
    await service.db.query(`UPDATE opt_in_ask SET asked_at = now() - interval '1 year' WHERE email_id = $1`, [
      unsent.emailId,
    ]);
    expect(seen(await answerForm(service, unsent.token, 'opt-in'))).toEqual(OPTED_IN);
  });

  test('When it has expired and the contact is being removed, then that is shown', async () => {
    const { tenant, contactId, token } = await anAskedPerson(service, aged);
    await service.call(tenant.recruiter, 'POST', `/v1/contacts/${contactId}/expunge`);
    expect(seen(await openForm(service, token))).toEqual([200, REMOVING]);
  });

  test('When the contact has another address by now, then who reads the old inbox learns and decides nothing', async () => {
    const { contactId, token, emailId } = await anAskedPerson(service);
    const { html } = await openForm(service, token);
    await service.db.query('UPDATE opt_in_ask SET address_changed_at = now() WHERE email_id = $1', [emailId]);
    const gone = [410, 'This link is not valid any more'];
    const page = await openForm(service, token);
    expect(seen(page)).toEqual(gone);
    expect(page.html).not.toContain('Acme');
    expect(seen(await postForm(service, token, fieldsOf(html, 'opt-in')))).toEqual(gone);
    expect(seen(await postForm(service, token, { decision: 'remove', confirm: 'yes' }))).toEqual(gone);
    expect((await oneClick(service, token)).status).toBe(200);
    expect([await consentOf(contactId), await saidOf(contactId)]).toEqual(['none', []]);
  });

  test('When the link names a contact of another company, then it leads nowhere', async () => {
    const [mine, other] = [await anAskedPerson(service), await aTenant(service)];
    await service.db.query('UPDATE opt_in_ask SET tenant_id = $2 WHERE contact_id = $1', [
      mine.contactId,
      other.tenantId,
    ]);
    expect(seen(await openForm(service, mine.token))).toEqual(UNKNOWN);
    expect(seen(await postForm(service, mine.token, { decision: 'remove', confirm: 'yes' }))).toEqual(UNKNOWN);
    expect((await oneClick(service, mine.token)).status).toBe(200);
    expect(await saidOf(mine.contactId)).toEqual([]);
  });
});

describe('One click in the mail program (RFC 8058)', () => {
  test.each(['urlencoded', 'multipart'] as const)(
    'When it comes as %s, then it declines and erases nobody',
    async (as) => {
      const { contactId, token, emailId } = await anAskedPerson(service);
      const { status, html, headers } = await oneClick(service, token, as);
      expect([status, headers.get('content-type'), html.length < 100]).toEqual([
        200,
        'text/plain; charset=utf-8',
        true,
      ]);
      expect(await recordsOf(contactId)).toEqual([{ decision: 'declined', how: 'one-click', email_id: emailId }]);
      expect(await saidOf(contactId)).toEqual(['ContactDeclined']);
      expect((await oneClick(service, token, as)).status).toBe(200);
      expect(await recordsOf(contactId)).toHaveLength(1);
      expect(seen(await openForm(service, token))).toEqual(DECLINED);
    },
  );

  test('When the link has expired, then it still ends the mails', async () => {
    const { contactId, token } = await anAskedPerson(service, { linkValidSeconds: 3_600, acceptedSecondsAgo: 3_601 });
    expect((await oneClick(service, token)).status).toBe(200);
    expect(await consentOf(contactId)).toBe('declined');
  });

  test('When the removal has begun, then it is answered and changes nothing', async () => {
    const { tenant, contactId, token } = await anAskedPerson(service);
    await service.call(tenant.recruiter, 'POST', `/v1/contacts/${contactId}/expunge`);
    expect((await oneClick(service, token)).status).toBe(200);
    expect([await decisionsOf(contactId), await saidOf(contactId)]).toEqual([[], ['ExpungeRequested']]);
  });
});

describe('The language of the page', () => {
  const languageOf = async (path: string, accept?: string): Promise<string | undefined> => {
    const { html } = await openForm(service, path, accept === undefined ? {} : { 'accept-language': accept });
    return /<html lang="(\w+)"( dir="rtl")?>/.exec(html)?.slice(1).filter(Boolean).join('');
  };
  const RTL = 'ar dir="rtl"';

  test('When the contact has one, then it is that; else the browser\u2019s, the company\u2019s, English', async () => {
    const own = await anAskedPerson(service, { person: { language: 'ar-EG' } });
    expect(await languageOf(own.token, 'de')).toBe(RTL);
    const none = await anAskedPerson(service, { person: { language: 'sv' } });
    expect([await languageOf(none.token, 'fr, de-AT;q=0.9, en;q=0.5'), await languageOf(none.token, 'fr')]).toEqual([
      'de',
      'en',
    ]);
    const facts = { ...tenantFacts, name: 'Acme', languages: ['fr', 'ar'], privacyContact: 'privacy@acme.example' };
    await service.call(none.tenant.staff, 'PUT', `/v1/tenants/${none.tenantId}`, facts);
    expect([await languageOf(none.token, 'fr'), await languageOf(none.token)]).toEqual([RTL, RTL]);
  });

  test('When a link to another language is followed, then it is kept through the answer and changes nothing', async () => {
    const { contactId, token } = await anAskedPerson(service, { person: { language: 'de' } });
    const { html } = await openForm(service, token);
    expect([...html.matchAll(/href="(\?lang=\w+)"/g)].map(([, href]) => href).slice(-2)).toEqual([
      '?lang=en',
      '?lang=ar',
    ]);
    expect(await languageOf(`${token}?utm_source=mail&lang=ar`)).toBe(RTL);
    expect(await languageOf(`${token}?lang=xx`)).toBe('de');
    expect((await answerForm(service, `${token}?lang=ar`, 'opt-in')).html).toContain('<html lang="ar" dir="rtl">');
    const [{ language }] = await service.db.query(
      `SELECT text.language FROM consent_record JOIN consent_text text ON hash = text_hash WHERE contact_id = $1`,
      [contactId],
    );
    expect(language).toBe('ar');
  });

  test('When nothing is known, then it is the browser\u2019s or English', async () => {
    const unknown = 'a'.repeat(43);
    expect([
      await languageOf(unknown),
      await languageOf(unknown, 'ar'),
      await languageOf(`${unknown}?lang=de`),
    ]).toEqual(['en', RTL, 'de']);
  });

  test('When the name of the company is markup or of another direction, then it is shown as it is', async () => {
    const { tenant, token } = await anAskedPerson(service);
    const facts = { ...tenantFacts, name: '<b>"R&D"</b> {date} $& שלום', languages: ['en'], privacyContact: '<i>' };
    await service.call(tenant.staff, 'PUT', `/v1/tenants/${tenant.tenantId}`, facts);
    const { html } = await openForm(service, token);
    expect(html).toContain('\u2068&lt;b&gt;&quot;R&amp;D&quot;&lt;/b&gt; {date} $&amp; שלום\u2069');
    expect(html).toContain('<bdi>&lt;i&gt;</bdi>');
    expect(seen(await answerForm(service, token, 'opt-in'))[1]).toBe('You have opted in');
  });
});

test('When somebody has decided, then no name, address or token stands in messages, audit or records', async () => {
  const person = aPerson();
  const { contactId, token } = await anAskedPerson(service, { person });
  await answerForm(service, token, 'opt-in');
  await answerForm(service, token, 'decline');
  const written = JSON.stringify([
    await service.said(contactId),
    await service.db.query('SELECT * FROM audit_log WHERE target = $1', [contactId]),
    await service.db.query('SELECT * FROM consent_record JOIN consent_text ON hash = text_hash WHERE contact_id = $1', [
      contactId,
    ]),
  ]);
  expect(written).not.toMatch(new RegExp([token, person.email, person.givenName, person.familyName].join('|'), 'i'));
});
