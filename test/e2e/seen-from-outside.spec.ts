import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { anActiveWorkflow, freePort, SERVICE_NAMES, type ServiceName, waitUntil } from '#local';
import { inBase64 } from '../support/find-traces.js';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.js';
import { type Scraped, scrape } from '../support/scrape.js';
import {
  aCompany,
  type Company,
  deleteAccount,
  signUp,
  startTestSystem,
  type TestSystem,
  untilState,
} from '../support/test-system.js';

const NAME = 'Wilhelmina';

let receiver: OtlpReceiver;
let system: TestSystem;
let company: Company;
const ports = {} as Record<ServiceName, number>;

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  for (const name of SERVICE_NAMES) ports[name] = await freePort();
  const traces = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, TRACES_PER_SECOND: '100' };
  const env = SERVICE_NAMES.map((name) => [name, { ...traces, METRICS_PORT: String(ports[name]) }] as const);
  system = await startTestSystem({ env: Object.fromEntries(env) });
  company = await aCompany(system);
}, 120_000);
afterAll(async () => {
  await system.remove();
  await receiver.stop();
});

const said = ({ service, name }: ReceivedSpan): string => `${service}: ${name}`;

/** The spans of the trace that has a span of this name, once all of these have come. */
async function traceWith(name: string, whole: readonly string[]): Promise<ReceivedSpan[]> {
  const look = (): ReceivedSpan[] | undefined => {
    const traceId = receiver.spans.find((span) => said(span) === name)?.traceId;
    const trace = receiver.spans.filter((span) => span.traceId === traceId);
    return whole.every((one) => trace.some((span) => said(span) === one)) ? trace : undefined;
  };
  return waitUntil(look, { what: `the trace with ${name} is whole`, timeoutMs: 30_000 }).catch((error: unknown) => {
    throw new Error(`came: ${receiver.spans.map((span) => `${span.traceId} ${said(span)}`).join('\n')}`, {
      cause: error,
    });
  });
}

/** Spans that are a part of something that has not come. */
const orphans = (trace: readonly ReceivedSpan[]): string[] =>
  trace.filter(({ parentSpanId }) => !trace.some(({ spanId }) => spanId === parentSpanId)).map(said);

const REMOVAL = [
  'contact-service: DELETE /v1/account',
  'contact-service: publish ExpungeRequested',
  'privacy-service: handle ExpungeRequested',
  'privacy-service: publish EraseContactData',
  'contact-service: handle EraseContactData',
  'workflow-service: handle EraseContactData',
  'notification-service: handle EraseContactData',
  'contact-service: publish ContactDataErased',
  'workflow-service: publish ContactDataErased',
  'notification-service: publish ContactDataErased',
  'privacy-service: handle ContactDataErased',
  'privacy-service: publish ContactExpunged',
  'privacy-service: publish SendEmail',
  'notification-service: handle SendEmail',
  'notification-service: send mail',
  'notification-service: publish EmailAccepted',
  'privacy-service: handle EmailAccepted',
];

describe('Traces and metrics of the whole system', () => {
  let about: string[];

  beforeAll(async () => {
    const contact = await signUp(system, company, { givenName: NAME });
    const { expungeId, statusUrl } = await deleteAccount(system, contact);
    await untilState(system, company, expungeId, 'confirmed');
    about = [
      contact.email,
      contact.email.split('@')[0]!,
      NAME,
      statusUrl.split('/').at(-1)!,
      contact.candidate.subject,
    ];
  });

  test('When a contact presses Delete Account, then one trace goes from the request through every service to the mail', async () => {
    const trace = await traceWith(REMOVAL[0]!, REMOVAL);
    expect(orphans(trace)).toEqual([REMOVAL[0]]);
    const mails = receiver.spans.filter(({ name }) => name === 'send mail');
    expect(mails).toHaveLength(1);
  });

  test('When something follows after a wait, then it is a trace of its own that says what it follows from', async () => {
    const steps = [{ action: 'send-opt-in' }, { action: 'wait', seconds: 86_400 }, { action: 'expunge' }];
    const workflow = { name: 'Ask at once', trigger: 'manual' as const, steps };
    await anActiveWorkflow(system.api, company.admin, system.urls['workflow-service'], workflow);
    const url = `${system.urls['contact-service']}/v1/contacts`;
    const email = 'somebody@example.com';
    about.push(email);
    await system.api.call(company.recruiter, 'POST', url, { email, givenName: NAME, language: 'en' });
    const later = await traceWith('workflow-service: fire timer', [
      'contact-service: handle RequestOptIn',
      'notification-service: send mail',
    ]);
    const first = await traceWith('contact-service: POST /v1/contacts', ['workflow-service: handle ContactAdded']);
    expect(orphans(later)).toEqual(['workflow-service: fire timer']);
    const { links } = later.find(({ name }) => name === 'fire timer')!;
    expect(links).toMatchObject([{ traceId: first[0]!.traceId }]);
  });

  test('When spans are sent, then nothing about a person is in them', async () => {
    await traceWith(REMOVAL[0]!, REMOVAL);
    const everything = receiver.received.join('\n');
    const texts = about.flatMap((text) => [text, ...inBase64(text)]);
    expect(texts.filter((text) => everything.includes(text))).toEqual([]);
  });

  test('When a removal has gone through, then each service has counted its part, without any id', async () => {
    const scraped = Object.fromEntries(
      await Promise.all(SERVICE_NAMES.map(async (name) => [name, await scrape(ports[name])] as const)),
    ) as Record<ServiceName, Scraped>;
    const request = { method: 'DELETE', route: '/v1/account', status: '202' };
    expect(scraped['contact-service'].value('http_request_duration_seconds_count', request)).toBe(1);
    const handled = (name: ServiceName, message: string) =>
      scraped[name].value('messages_total', { message, outcome: 'handled' });
    expect(handled('privacy-service', 'ExpungeRequested')).toBe(1);
    expect(handled('privacy-service', 'ContactDataErased')).toBe(3);
    for (const name of SERVICE_NAMES.filter((one) => one !== 'privacy-service')) {
      expect(handled(name, 'EraseContactData')).toBe(1);
    }
    const sent = { purpose: 'expunge-confirmation', outcome: 'accepted' };
    expect(scraped['notification-service'].value('mails_total', sent)).toBe(1);
    for (const name of SERVICE_NAMES) {
      const { text, value } = scraped[name];
      expect([name, value('metrics_read_failed')]).toEqual([name, 0]);
      expect(value('relay_leading')).toBe(1);
      expect(value('outbox_oldest_age_seconds')).toBeLessThan(5);
      expect(about.filter((one) => text.includes(one))).toEqual([]);
      expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
    }
  });
});
