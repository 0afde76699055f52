import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, type Message } from 'kafkajs';

const TOPIC = 'expunge.requests';
const SEND = 1_000;

type Headers = Record<string, string>;

/** Each kind of message that cannot be used, with a content of its own, so that each has a dead letter of its own. */
export const KINDS: readonly {
  readonly reason: string;
  readonly make: (key: string, headers: Headers, n: number) => Message;
}[] = [
  { reason: 'not-an-event', make: (key, _, n) => ({ key, value: `{"n":${n}}` }) },
  {
    reason: 'unknown-version',
    make: (key, headers, n) => ({ key, headers: { ...headers, ce_type: 'ExpungeRequested.v9' }, value: `{"n":${n}}` }),
  },
  { reason: 'not-json', make: (key, headers, n) => ({ key, headers, value: `{"n":${n}` }) },
  { reason: 'invalid-data', make: (key, headers, n) => ({ key, headers, value: `{"n":${n}}` }) },
  { reason: 'wrong-key', make: (key, headers) => ({ key, headers, value: JSON.stringify(aRequest()) }) },
];

function aRequest() {
  return {
    tenantId: randomUUID(),
    contactId: randomUUID(),
    expungeId: randomUUID(),
    reason: 'account-deleted',
    requestedBy: 'candidate',
    requestedAt: new Date().toISOString(),
    statusTokenHash: 'x'.repeat(43),
  };
}

/** So many, of each kind in turns, spread over the topic. */
export async function produceMalformed(brokers: readonly string[], malformed: number): Promise<void> {
  const producer = new Kafka({ clientId: 'bench', brokers: [...brokers], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  for (let from = 0; from < malformed; from += SEND) {
    const messages = Array.from({ length: Math.min(SEND, malformed - from) }, (_, i) => {
      const n = from + i;
      return KINDS[n % KINDS.length]!.make(randomUUID(), headers(), n);
    });
    await producer.send({ topic: TOPIC, messages });
  }
  await producer.disconnect();
}

function headers(): Headers {
  return {
    ce_specversion: '1.0',
    ce_id: randomUUID(),
    ce_type: 'ExpungeRequested.v1',
    ce_source: 'contact-service',
    ce_time: new Date().toISOString(),
    'content-type': 'application/json',
  };
}
