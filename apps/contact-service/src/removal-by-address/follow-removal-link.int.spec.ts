import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EraseContactData } from '#contracts';
import { anEraseCommand } from '../../../../test/support/make.js';
import { aLink, BEHIND_A_PROXY, type LinkPage, openLink, press } from '../../test/removal-link.js';
import {
  aContact,
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
  service = await startContactService(BEHIND_A_PROXY);
});
afterAll(() => service.stop());

async function aLinkedPerson(policy: 'off' | 'permanent' = 'permanent') {
  const tenant = await aTenant(service, policy);
  const person = aPerson();
  const contactId = await aContact(service, tenant, person);
  const about = { tenantId: tenant.tenantId, email: person.email, contactId };
  return { tenant, ...about, token: await aLink(service, about) };
}

const titleOf = ({ html }: LinkPage): string => /<h1>(.*?)<\/h1>/.exec(html)?.[1] ?? '';
const answers = ({ status, ...page }: LinkPage): [number, string] => [status, titleOf({ status, ...page })];
const open = async (token: string): Promise<[number, string]> => answers(await openLink(service, token));
const pressed = async (token: string): Promise<[number, string]> => answers(await press(service, token));
const stateOf = async (contactId: string): Promise<string | undefined> =>
  (await service.db.query<{ state: string }[]>('SELECT state FROM contact WHERE id = $1', [contactId]))[0]?.state;
const requestsOf = async (contactId: string) =>
  (await service.said(contactId)).filter(({ type }) => /^Expunge|^ContactDisabled/.test(type));
const audited = (contactId: string): Promise<unknown[]> =>
  service.db.query(`SELECT action, outcome FROM audit_log WHERE target = $1 AND actor = 'link-holder' ORDER BY seq`, [
    contactId,
  ]);

const REMOVING = 'Your data is being removed';
const DISABLED = 'Your data is not used any more';
const VOID: [number, string] = [410, 'This link is not valid any more'];
const UNKNOWN: [number, string] = [404, 'Nothing here'];

test('When the link is opened, by people or scanners, then it shows and changes nothing', async () => {
  const { contactId, token } = await aLinkedPerson();
  const everything = () =>
    service.db.query(
      `SELECT contact.*, link.*, (SELECT count(*) FROM outbox WHERE key = $1::text) AS said FROM contact
       JOIN removal_link link ON link.contact_id = contact.id WHERE contact.id = $1::uuid`,
      [contactId],
    );
  const before = await everything();
  for (const method of ['GET', 'HEAD', 'GET']) {
    expect(await openLink(service, token, { method })).toMatchObject({ status: 200 });
  }
  expect(await everything()).toEqual(before);
  const { html, headers } = await openLink(service, token);
  expect(html).toContain('Acme Corporation');
  expect(html).toContain(new Date().toISOString().slice(0, 10));
  expect(html).toContain(
    '<form method="post" action="?act=expunge&amp;lang=en"><button type="submit">Remove my data for good</button></form>',
  );
  expect(html).not.toMatch(/<script|example\.org|Zoë|Ångström/);
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-robots-tag': 'noindex, nofollow',
    'content-security-policy': expect.stringContaining("form-action 'self'"),
  });
});

test('When the button is pressed, then the removal begins once; again it shows how far that is', async () => {
  const { contactId, token } = await aLinkedPerson();
  const page = await press(service, token);
  expect(answers(page)).toEqual([200, REMOVING]);
  expect(page.html).toContain(`href="${STATUS_PAGE_URL}`);
  expect(await stateOf(contactId)).toBe('expunging');
  expect(await press(service, token)).toMatchObject({ status: 200, html: page.html });
  expect(await openLink(service, token)).toMatchObject({ status: 200, html: page.html });
  const requests = await requestsOf(contactId);
  expect(requests.map(({ type }) => type)).toEqual(['ExpungeRequested']);
  expect(requests[0]!.data).toMatchObject({ reason: 'requested-by-address', requestedBy: 'address-holder' });
  expect(requests[0]!.data.sealedRecipient).toBeDefined();
  expect(await audited(contactId)).toEqual([{ action: 'expunge.requested', outcome: 'done' }]);
});

test('When it is pressed twice at once, then there is one request and both see it', async () => {
  const { contactId, token } = await aLinkedPerson();
  const held = { sql: 'SELECT 1 FROM subject WHERE contact_id = $1 FOR UPDATE', values: [contactId], waiting: 2 };
  const pages = await service.whileHeld(held, () => Promise.all([press(service, token), press(service, token)]));
  expect(pages[0]!.html).toBe(pages[1]!.html);
  expect(await requestsOf(contactId)).toHaveLength(1);
});

describe('with expunge off', () => {
  test('When the button is pressed, then the contact is disabled, and the page has said so before', async () => {
    const { contactId, token } = await aLinkedPerson('off');
    expect((await openLink(service, token)).html).toContain('>Put my data out of use</button>');
    expect(await pressed(token)).toEqual([200, DISABLED]);
    expect([await stateOf(contactId), await pressed(token), await open(token)]).toEqual([
      'disabled',
      [200, DISABLED],
      [200, DISABLED],
    ]);
    expect((await requestsOf(contactId)).map(({ type }) => type)).toEqual(['ContactDisabled']);
  });

  test('When expunge is enabled between the page and the button, then the page is shown anew and nothing is done', async () => {
    const { tenant, contactId, token } = await aLinkedPerson('off');
    await tenant.setPolicy('permanent');
    const page = await press(service, `${token}?act=disable`);
    expect([page.status, await stateOf(contactId)]).toEqual([200, 'active']);
    expect(page.html).toContain('>Remove my data for good</button>');
    await press(service, `${token}?act=expunge`);
    expect(await stateOf(contactId)).toBe('expunging');
  });

  test('When expunge is enabled later, then a used link removes nobody', async () => {
    const { tenant, contactId, token } = await aLinkedPerson('off');
    await press(service, token);
    await tenant.setPolicy('permanent');
    expect([await open(token), await pressed(token)]).toEqual([VOID, VOID]);
    expect(await stateOf(contactId)).toBe('disabled');
  });
});

test.each(['hold', 'kill switch'])(
  'When a %s forbids it for now, then the request waits, and why is not told',
  async (why) => {
    const { tenant, contactId, token } = await aLinkedPerson();
    if (why === 'kill switch') await tenant.setKillSwitch(true);
    else {
      const hold = { caseReference: 'Case 7', reason: 'litigation' };
      await service.call(tenant.officer, 'POST', `/v1/contacts/${contactId}/holds`, hold);
    }
    expect((await openLink(service, token)).html).toContain('>Remove my data for good</button>');
    const page = await press(service, token);
    expect(answers(page)).toEqual([200, 'Your request is accepted']);
    expect(page.html).toContain(`href="${STATUS_PAGE_URL}`);
    expect(page.html).not.toMatch(/hold|litigation|kill|switch/i);
    for (const again of [await press(service, token), await openLink(service, token)])
      expect(again.html).toBe(page.html);
    expect((await requestsOf(contactId)).map(({ type }) => type).sort()).toEqual(['ContactDisabled', 'ExpungeWaiting']);
    expect(await audited(contactId)).toEqual([{ action: 'expunge.postponed', outcome: 'done' }]);
  },
);

describe('a link that does not count', () => {
  test('When it has expired, then it says so and does nothing', async () => {
    const { contactId, token } = await aLinkedPerson();
    await service.db.query('UPDATE removal_link SET expires_at = now() WHERE contact_id = $1', [contactId]);
    const expired = [410, 'This link has expired'];
    expect([await open(token), await pressed(token)]).toEqual([expired, expired]);
    expect(await stateOf(contactId)).toBe('active');
  });

  test('When the contact has another address by now, then who reads the old inbox is refused', async () => {
    const { tenant, contactId, email, token } = await aLinkedPerson();
    const change = (to: string) => service.call(tenant.recruiter, 'PATCH', `/v1/contacts/${contactId}`, { email: to });
    await change(aPerson().email);
    expect([await open(token), await pressed(token)]).toEqual([VOID, VOID]);
    expect(await stateOf(contactId)).toBe('active');
    await change(email.toUpperCase());
    expect((await open(token))[0]).toBe(200);
  });

  test('When the contact is erased, then the link goes with it and is named in the evidence', async () => {
    const { tenantId, contactId, token } = await aLinkedPerson();
    await press(service, token);
    const [request] = await requestsOf(contactId);
    const command = { tenantId, contactId, expungeId: String(request!.data.expungeId) };
    await service.deliver(EraseContactData, anEraseCommand(command));
    const [evidence] = (await service.said(contactId)).filter(({ type }) => type === 'ContactDataErased');
    expect(evidence!.data.stores).toContainEqual({ store: 'request_records', erased: 1, remaining: 0 });
    expect([await open(token), await pressed(token)]).toEqual([UNKNOWN, UNKNOWN]);
  });

  test('When the contact is erased while the button waits for the lock, then there is nothing any more', async () => {
    const { contactId, token } = await aLinkedPerson();
    const held = { sql: 'SELECT 1 FROM subject WHERE contact_id = $1 FOR UPDATE', values: [contactId] };
    const page = await service.whileHeld(
      held,
      () => press(service, token),
      async (eraser) => {
        await eraser.query('DELETE FROM removal_link WHERE contact_id = $1', [contactId]);
        await erase(eraser, contactId);
      },
    );
    expect(answers(page)).toEqual(UNKNOWN);
  });

  test('When the link names a contact of another company, then it leads nowhere', async () => {
    const [mine, other] = [await aLinkedPerson(), await aTenant(service)];
    await service.db.query('UPDATE removal_link SET tenant_id = $2 WHERE contact_id = $1', [
      mine.contactId,
      other.tenantId,
    ]);
    expect([await open(mine.token), await pressed(mine.token)]).toEqual([UNKNOWN, UNKNOWN]);
    expect(await stateOf(mine.contactId)).toBe('active');
  });

  test('When a token is made up or broken, then the answer is the same page', async () => {
    const { token } = await aLinkedPerson();
    const unknown = await openLink(service, randomBytes(32).toString('base64url'));
    expect(answers(unknown)).toEqual(UNKNOWN);
    const hostile = [
      token.slice(1),
      `${token}a`,
      `${token}%0A`,
      `${token}%00`,
      `%00${token.slice(3)}`,
      token.toUpperCase(),
      "'%20OR%20'1'='1",
      '%3Cscript%3Ealert(1)%3C%2Fscript%3E',
      '%E2%80%AE',
      'a'.repeat(8_000),
      '__proto__',
    ];
    for (const made of hostile) {
      expect(await openLink(service, made)).toMatchObject({ status: 404, html: unknown.html });
      expect(await press(service, made)).toMatchObject({ status: 404, html: unknown.html });
    }
    expect((await open(token))[0]).toBe(200);
  });
});

describe('the page', () => {
  test('When the browser prefers German, then it is German, unless English is asked for', async () => {
    const { token } = await aLinkedPerson();
    const german = { 'accept-language': 'de-AT,de;q=0.9,en;q=0.5' };
    expect(await openLink(service, token, german)).toMatchObject({ html: expect.stringContaining('<html lang="de">') });
    for (const query of ['?lang=en', '?utm_source=mail&lang=en']) {
      const { html } = await openLink(service, `${token}${query}`, german);
      expect(html).toContain('<html lang="en">');
      expect(html.match(/<h1>/g)).toHaveLength(1);
    }
    const french = { 'accept-language': 'fr' };
    expect((await openLink(service, `${token}?lang=xx&lang=de`, french)).html).toContain('<html lang="en">');
  });

  test('When the name of the company is markup, then it is shown as it is', async () => {
    const { tenant, token } = await aLinkedPerson();
    const facts = { ...tenantFacts, name: '<b>"R&D"</b>', languages: ['en'], privacyContact: '<i>' };
    await service.call(tenant.staff, 'PUT', `/v1/tenants/${tenant.tenantId}`, facts);
    const { html } = await openLink(service, token);
    expect(html).toContain('&lt;b&gt;&quot;R&amp;D&quot;&lt;/b&gt;');
    expect(html).toContain('&lt;i&gt;');
  });
});
