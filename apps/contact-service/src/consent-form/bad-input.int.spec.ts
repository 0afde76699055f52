import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { countStatements } from '../../../../test/support/statements.js';
import { anAskedPerson, fieldsOf, oneClick, openForm, type Page, postForm, seen } from '../../test/opt-in-ask.js';
import { type ContactService, startContactService, tenantFacts } from '../../test/start.js';
import { ShowOptInForm } from './show-opt-in-form.js';

let service: ContactService;
let person: Awaited<ReturnType<typeof anAskedPerson>>;
let text: string;
beforeAll(async () => {
  service = await startContactService();
  person = await anAskedPerson(service);
  text = fieldsOf((await openForm(service, person.token)).html, 'opt-in').text!;
});
afterAll(() => service.stop());

/** What there is to be seen of this person; it must never change here. */
const untouched = async (): Promise<void> => {
  const [contact] = await service.db.query('SELECT state, consent FROM contact WHERE id = $1', [person.contactId]);
  expect(contact).toEqual({ state: 'active', consent: 'none' });
  const said = (await service.said(person.contactId)).map(({ type }) => type);
  expect(said).toEqual(['ContactAdded']);
};
const errorOf = ({ html }: Page): string | undefined =>
  /<div role="alert"[^]*?<p>(?:<a href="[^"]*">)?(.*?)(?:<\/a>)?<\/p>/.exec(html)?.[1];
const post = (body: Parameters<typeof postForm>[2], headers?: Record<string, string>): Promise<Page> =>
  postForm(service, person.token, body, headers);
const pairs = (...given: [string, string][]): URLSearchParams => new URLSearchParams(given);

const UNCLEAR = 'Please choose one of the answers on this page.';

describe('When a form says nothing clear', () => {
  const opt = ['decision', 'opt-in'] as [string, string];
  test.each<[string, () => URLSearchParams | FormData]>([
    ['no decision', () => pairs(['agree', 'yes'])],
    ['nothing at all', () => pairs()],
    ['an unknown decision', () => pairs(['decision', 'erase'], ['confirm', 'yes'])],
    ['a decision in other letters', () => pairs(['decision', 'Remove'], ['confirm', 'yes'])],
    ['two decisions', () => pairs(opt, ['decision', 'decline'], ['agree', 'yes'])],
    ['the same decision twice', () => pairs(opt, opt, ['agree', 'yes'])],
    ['yes and one-click', () => pairs(opt, ['agree', 'yes'], ['List-Unsubscribe', 'One-Click'])],
    [
      'removal and one-click',
      () => pairs(['decision', 'remove'], ['confirm', 'yes'], ['List-Unsubscribe', 'One-Click']),
    ],
    ['one-click in other letters', () => pairs(['List-Unsubscribe', 'one-click'])],
    ['one-click twice', () => pairs(['List-Unsubscribe', 'One-Click'], ['List-Unsubscribe', 'One-Click'])],
    ['a file for a decision', () => aFile()],
    ['a list', () => pairs(['decision[]', 'opt-in'], ['agree', 'yes'])],
    ['the name of a prototype', () => pairs(['decision', '__proto__'], ['constructor', 'yes'])],
  ])('then %s is a 422 with the form again', async (_, form) => {
    const page = await post(form());
    expect([seen(page), errorOf(page)]).toEqual([[422, 'May Acme Corporation keep your data?'], UNCLEAR]);
    expect(page.html).toContain('<title>Error: ');
    await untouched();
  });
});

function aFile(): FormData {
  const form = new FormData();
  form.append('decision', new Blob(['opt-in']), 'decision.txt');
  return form;
}

describe('When a box is not ticked', () => {
  test.each<[string, Record<string, string>]>([
    ['missing', {}],
    ['empty', { agree: '' }],
    ['no', { agree: 'no' }],
    ['of the other form', { confirm: 'yes' }],
  ])('then an opt-in with the box %s is a 422, the message linked to the box', async (_, box) => {
    const page = await post({ decision: 'opt-in', text, ...box });
    expect([page.status, errorOf(page)]).toEqual([422, expect.stringContaining('Tick the box if you agree')]);
    expect(page.html).toContain('<a href="#agree">');
    expect(page.html).toMatch(
      /<input type="checkbox" id="agree" [^>]*aria-invalid="true" aria-describedby="agree-error"/,
    );
    expect(page.html).toContain('id="agree-error"');
    await untouched();
  });

  test.each<[string, Record<string, string>]>([
    ['missing', {}],
    ['of the other form', { agree: 'yes' }],
  ])('then a removal with the box %s is a 422 with the second page', async (_, box) => {
    const page = await post({ decision: 'remove', ...box });
    expect([seen(page), errorOf(page)]).toEqual([
      [422, 'Have your data removed?'],
      'Tick the box to confirm, then press the button again.',
    ]);
    expect(page.html).toMatch(/id="confirm" [^>]*aria-invalid="true"/);
    await untouched();
  });
});

describe('When the words are not those of the page', () => {
  test.each<[string, Record<string, string>]>([
    ['missing', {}],
    ['made up', { text: 'x' }],
    ['very long', { text: 'x'.repeat(10_000) }],
  ])('then an opt-in with the hash %s is a 422 and must be read again', async (_, hash) => {
    const page = await post({ decision: 'opt-in', agree: 'yes', ...hash });
    expect([page.status, errorOf(page)]).toEqual([422, expect.stringContaining('The text has changed')]);
    await untouched();
  });

  test('then an opt-in with the words of a decline does not count either', async () => {
    const declining = fieldsOf((await openForm(service, person.token)).html, 'decline').text!;
    expect((await post({ decision: 'opt-in', agree: 'yes', text: declining })).status).toBe(422);
    await untouched();
  });

  test('then an opt-in from before the company changed its name must be read again', async () => {
    const renamed = await anAskedPerson(service);
    const fields = fieldsOf((await openForm(service, renamed.token)).html, 'opt-in');
    const facts = { ...tenantFacts, name: 'Acme Holding', languages: ['en'], privacyContact: 'privacy@acme.example' };
    await service.call(renamed.tenant.staff, 'PUT', `/v1/tenants/${renamed.tenantId}`, facts);
    const page = await postForm(service, renamed.token, fields);
    expect(seen(page)).toEqual([422, 'May Acme Holding keep your data?']);
    expect((await postForm(service, renamed.token, fieldsOf(page.html, 'opt-in'))).status).toBe(200);
  });

  test('then a decline counts all the same', async () => {
    const { token, contactId } = await anAskedPerson(service);
    expect(seen(await postForm(service, token, { decision: 'decline' }))).toEqual([200, 'You have declined']);
    const records = await service.db.query(
      `SELECT version, text FROM consent_record JOIN consent_text ON hash = text_hash WHERE contact_id = $1`,
      [contactId],
    );
    expect(records).toEqual([{ version: 1, text: expect.stringContaining('[Decline]') }]);
  });
});

describe('When a body is not a form', () => {
  const urlencoded = 'application/x-www-form-urlencoded';
  test.each<[string, string, Record<string, string>, number]>([
    ['JSON', '{"decision":"decline"}', { 'content-type': 'application/json' }, 415],
    ['text', 'decision=decline', { 'content-type': 'text/plain' }, 415],
    ['without a type', 'decision=decline', { 'content-type': '' }, 415],
    ['multipart without boundary', 'decision=decline', { 'content-type': 'multipart/form-data' }, 400],
    ['broken multipart', '--x\r\nContent-Dis', { 'content-type': 'multipart/form-data; boundary=x' }, 400],
    ['of another multipart kind', '--x--', { 'content-type': 'multipart/mixed; boundary=x' }, 415],
    ['a huge one', `decision=decline&x=${'y'.repeat(70_000)}`, { 'content-type': urlencoded }, 413],
    ['of an unknown encoding', 'decision=decline', { 'content-type': urlencoded, 'content-encoding': 'zip' }, 415],
  ])('then %s is refused and nothing happens', async (_, body, headers, status) => {
    expect((await post(body, headers)).status).toBe(status);
    await untouched();
  });

  test('then one that is huge unpacked, or does not tell its length, is refused too', async () => {
    const large = Buffer.from(`decision=decline&x=${'y'.repeat(1_000_000)}`);
    const send = (body: Buffer | ReadableStream, headers: Record<string, string> = {}) =>
      fetch(`${service.url}/o/${person.token}`, {
        method: 'POST',
        body: Buffer.isBuffer(body) ? new Uint8Array(body) : body,
        headers: { 'content-type': urlencoded, ...headers },
        duplex: 'half',
      } as RequestInit);
    expect((await send(gzipSync(large), { 'content-encoding': 'gzip' })).status).toBe(413);
    expect((await send(new Blob([large]).stream())).status).toBe(413);
    await untouched();
  });

  test('then thousands of fields, or bytes that are no text, are only an unclear answer', async () => {
    expect((await post('a=1&'.repeat(10_000), { 'content-type': urlencoded })).status).toBe(422);
    expect((await post('decision=%00%ff%fe&%zz=%', { 'content-type': urlencoded })).status).toBe(422);
    await untouched();
  });
});

test('When a browser or a mail program adds fields of its own, then they do not count', async () => {
  const [one, other] = [await anAskedPerson(service), await anAskedPerson(service)];
  const fields = fieldsOf((await openForm(service, one.token)).html, 'opt-in');
  expect(seen(await postForm(service, one.token, { ...fields, csrf: 'x' }))).toEqual([200, 'You have opted in']);
  const clicked = await postForm(service, other.token, { 'List-Unsubscribe': 'One-Click', mailbox: 'x' });
  expect(clicked.status).toBe(200);
});

test('When a token is made up or broken, then the answer is the same page, and only a whole one is looked for', async () => {
  const { token } = person;
  const unknown = await openForm(service, randomBytes(32).toString('base64url'));
  expect(seen(unknown)).toEqual([404, 'Nothing here']);
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
    expect(await openForm(service, made)).toMatchObject({ status: 404, html: unknown.html });
    expect(await openForm(service, `${made}?page=remove`)).toMatchObject({ status: 404, html: unknown.html });
    const yes = { decision: 'opt-in', agree: 'yes', text };
    expect(await postForm(service, made, yes)).toMatchObject({ status: 404, html: unknown.html });
    expect((await oneClick(service, made)).status).toBe(200);
  }
  const show = service.app.get(ShowOptInForm);
  const costOf = (made: string) => countStatements(service.appDb, () => show.execute(made));
  // Binding the transaction, and one look by the hash.
  expect([await costOf(token.slice(1)), await costOf('a'.repeat(43))]).toEqual([0, 2]);
  await untouched();
});

test('When another method is used, then there is nothing', async () => {
  for (const method of ['PUT', 'DELETE', 'PATCH'])
    expect((await openForm(service, person.token, { method })).status).toBe(404);
  await untouched();
});
