import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ContactErasureRefused, EmailAccepted, ExpungeRequested, ExpungeWaiting, TenantChanged } from '#contracts';
import {
  aRequest,
  aToken,
  aWaiting,
  allEvidence,
  evidenceOf,
  hashOf,
  idsOf,
  type PrivacyTestService,
  rowOf,
  startPrivacyService,
} from '../../test/privacy-test-service.js';

describe('The status page', () => {
  let service: PrivacyTestService;
  beforeAll(async () => {
    service = await startPrivacyService({ EXTRA_PARTICIPANTS: 'search-service' });
  });
  afterAll(() => service.stop());

  const aWatched = async (given = {}) => {
    const token = aToken();
    const request = aRequest({ statusTokenHash: hashOf(token), ...given });
    await service.deliver(ExpungeRequested, request);
    return { token, request };
  };
  const open = async (path: string, headers: Record<string, string> = { accept: 'text/html' }) => {
    const response = await fetch(`${service.url}/status/${path}`, { headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  it('When the removal is under way, then each step is told in plain words and the page looks for news', async () => {
    const { token, request } = await aWatched();
    const refusal = {
      ...idsOf(request),
      participant: 'workflow-service',
      reason: 'locked',
      at: new Date().toISOString(),
    };
    await service.deliverMixed(evidenceOf('contact-service', request));
    await service.deliver(ContactErasureRefused, refusal, { source: 'workflow-service' });
    const { status, text } = await open(token);
    expect(status).toBe(200);
    for (const words of [
      'Contact record',
      'removed and checked',
      'Automatic workflows',
      'may not delete',
      'search-service',
      'not finished yet',
    ]) {
      expect(text).toContain(words);
    }
    expect(text).toContain('http-equiv="refresh"');
    expect(text).not.toContain('/certificate"');
    expect((await open(`${token}?refresh=off`)).text).not.toContain('http-equiv="refresh"');
    expect((await open(`${token}/certificate`)).status).toBe(404);
  });

  it('When the removal has to wait, then the page says that it will come after a check, and never why', async () => {
    const token = aToken();
    const request = aRequest({ statusTokenHash: hashOf(token) });
    const waiting = aWaiting(request, { waitingFor: ['hold', 'kill-switch'], until: '2031-07-01T00:00:00Z' });
    await service.deliver(ExpungeWaiting, waiting);
    const { status, text } = await open(token);
    expect(status).toBe(200);
    expect(text).toContain('Your request was received and will be carried out. It waits for a check');
    expect((await open(`${token}?lang=de`)).text).toContain('ist eingegangen und wird ausgeführt');
    const json = (await open(token, { accept: 'application/json' })).text;
    expect(JSON.parse(json)).toMatchObject({ state: 'waiting', participants: [], confirmation: 'not-yet' });
    expect(text + json).not.toMatch(/hold|kill|legal|switch|2031/i);
    expect((await open(`${token}/certificate`)).status).toBe(404);
    await service.deliver(ExpungeRequested, request);
    expect((await open(token)).text).toContain('Your data is being removed');
  });

  it('When everything is done, then the certificate is offered, the page stands still and no id of anybody is on it', async () => {
    const { token, request } = await aWatched();
    await service.deliverMixed(...allEvidence(request), evidenceOf('search-service', request));
    expect((await open(token)).text).toContain('http-equiv="refresh"');
    const { email_id: emailId, certificate } = await rowOf(service, request);
    const mail = {
      ...idsOf(request),
      emailId: String(emailId),
      purpose: 'expunge-confirmation',
      at: new Date().toISOString(),
    } as const;
    await service.deliver(EmailAccepted, mail, { source: 'notification-service' });
    const { text } = await open(token);
    expect(text).toContain(`href="./${token}/certificate"`);
    expect(text).not.toContain('http-equiv="refresh"');
    for (const id of [request.contactId, request.tenantId, request.expungeId]) expect(text).not.toContain(id);
    const file = await open(`${token}/certificate`);
    expect([file.status, file.headers.get('content-type'), file.text]).toEqual([200, 'application/jose', certificate]);
    expect(file.headers.get('content-disposition')).toContain('certificate.jws');
  });

  it('When the page is read, then it may not be stored, found, framed or run anything', async () => {
    const { token } = await aWatched();
    const { headers, text } = await open(token);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-robots-tag')).toContain('noindex');
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^;]+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
    expect(text).not.toMatch(/<script|javascript:|\son\w+=/i);
    expect(text).toMatch(/<html lang="en">[\s\S]*<title>[\s\S]*<main>[\s\S]*<h1>/);
  });

  it('When the reader prefers German, or asks for it, then the page is in German; anything else is English', async () => {
    const { token } = await aWatched();
    const german = { accept: 'text/html', 'accept-language': 'de-AT,de;q=0.9,en;q=0.5' };
    expect((await open(token, german)).text).toContain('<html lang="de">');
    expect((await open(`${token}?lang=de`)).text).toContain('Löschung Ihrer Daten');
    expect((await open(`${token}?lang=en`, german)).text).toContain('<html lang="en">');
    expect((await open(token, { accept: 'text/html', 'accept-language': 'fi' })).text).toContain('<html lang="en">');
    expect((await open(`${token}?lang=xx`)).status).toBe(400);
  });

  it('When the name of the company has markup in it, then it is shown as text', async () => {
    const tenantId = randomUUID();
    const tenant = {
      tenantId,
      revision: 1,
      name: '<script>1</script> & "Co"',
      languages: ['en'],
      privacyContact: '<b>',
    };
    await service.deliver(TenantChanged, tenant);
    const { token } = await aWatched({ tenantId });
    const { text } = await open(token);
    expect(text).toContain('&lt;script&gt;1&lt;/script&gt; &amp; &quot;Co&quot;');
    expect(text).not.toContain('<script>');
  });

  it('When JSON is asked for, then the same is answered as JSON', async () => {
    const { token, request } = await aWatched({ sealedRecipient: undefined });
    await service.deliverMixed(...allEvidence(request), evidenceOf('search-service', request));
    const { headers, text } = await open(token, { accept: 'application/json' });
    expect(headers.get('content-type')).toContain('application/json');
    const status = JSON.parse(text);
    expect(status).toMatchObject({ state: 'expunged', certificate: true, confirmation: 'nothing-to-send' });
    expect(status.participants).toHaveLength(4);
    expect(text).not.toContain(request.contactId);
  });

  it.each([
    ['a token nobody has', aToken()],
    ['a short one', 'abc'],
    ['an odd one', '%00%3Cb%3E'],
    ['a long one', 'a'.repeat(2000)],
  ])('When the address holds %s, then the answer is 404 and hints at nothing', async (_, token) => {
    const { status, text } = await open(token);
    expect(status).toBe(404);
    expect(text).toContain('There is nothing at this address');
    expect(text).toContain('requested only a moment ago');
    expect(text).toContain('http-equiv="refresh"');
    expect(text).toContain('href="?lang=en&amp;refresh=off"');
    expect((await open(`${token}?refresh=off`)).text).not.toContain('http-equiv="refresh"');
    expect((await open(`${token}/certificate`)).status).toBe(404);
    const json = await open(token, { accept: 'application/json' });
    expect([json.status, json.headers.get('content-type')]).toEqual([
      404,
      expect.stringContaining('application/problem+json'),
    ]);
    expect(JSON.parse(json.text).detail).toContain('requested only a moment ago');
  });

  it('When the hash of a token is used as the address, then nothing is found', async () => {
    const { request } = await aWatched();
    expect((await open(request.statusTokenHash)).status).toBe(404);
  });
});
