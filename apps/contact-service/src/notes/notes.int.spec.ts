import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aContact, aTenant, type ContactService, startContactService } from '../../test/start.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

test('When recruiters write notes, then they are listed oldest first, with their authors, page by page', async () => {
  const tenant = await aTenant(service);
  const path = `/v1/contacts/${await aContact(service, tenant)}/notes`;
  const texts = ['Called.\nNo answer', 'Прислала резюме', 'Interview on Monday'];
  for (const body of texts) {
    const written = await service.call(tenant.recruiter, 'POST', path, { body });
    expect(written).toMatchObject({ status: 201, body: { body, authorSubject: tenant.recruiter.subject } });
  }
  const first = await service.call(tenant.recruiter, 'GET', `${path}?limit=2`);
  const bodies = ({ body }: typeof first) => (body.items as { body: string }[]).map((note) => note.body);
  expect(bodies(first)).toEqual(texts.slice(0, 2));
  const second = await service.call(tenant.recruiter, 'GET', `${path}?limit=2&after=${String(first.body.next)}`);
  expect(bodies(second)).toEqual(texts.slice(2));
  expect(second.body).not.toHaveProperty('next');
});

test.each(['?limit=0', '?limit=201', '?limit=x', '?after=x', '?other=1'])(
  'When notes are asked for with %s, then it is answered 400',
  async (query) => {
    const tenant = await aTenant(service);
    const path = `/v1/contacts/${await aContact(service, tenant)}/notes`;
    expect(await service.call(tenant.recruiter, 'GET', path + query)).toMatchObject({ status: 400 });
  },
);
