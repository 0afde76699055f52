import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { SERVICE_NAMES, type ServiceName } from '#local';
import type { Chance } from './chance.js';
import { type Observer, renamed, type Seen } from './observer.js';
import type { Malformed } from './run-folder.js';
import type { Stage } from './stage.js';

const READERS: Readonly<Record<string, readonly ServiceName[]>> = {
  'expunge.requests': ['privacy-service'],
  'expunge.acks': ['privacy-service'],
  'expunge.commands': ['contact-service', 'workflow-service', 'notification-service'],
  'contact.commands': ['contact-service'],
  'notification.commands': ['notification-service'],
  'notification.events': ['contact-service', 'workflow-service', 'privacy-service'],
};
const TYPES: Readonly<Record<string, string>> = {
  'expunge.requests': 'ExpungeRequested',
  'expunge.acks': 'ContactDataErased',
  'expunge.commands': 'EraseContactData',
  'contact.commands': 'RequestOptIn',
  'notification.commands': 'SendEmail',
  'notification.events': 'EmailAccepted',
};

interface Broken extends Seen {
  readonly parkedBy: readonly ServiceName[];
  readonly reason: string;
}

const headersOf = (type: string): Record<string, string> => ({
  ce_specversion: '1.0',
  ce_id: randomUUID(),
  ce_type: type,
  ce_source: 'somebody',
  ce_time: new Date().toISOString(),
});

/** Messages that nobody can use, each about a contact that does not exist. */
function broken(chance: Chance): Broken {
  const topic = chance.pick(Object.keys(READERS));
  const type = TYPES[topic]!;
  const key = randomUUID();
  const about = { topic, key, parkedBy: READERS[topic]! };
  const data = JSON.stringify({ tenantId: randomUUID(), contactId: key, mark: randomUUID() });
  return chance.pick<Broken>([
    { ...about, headers: {}, value: data, reason: 'not-an-event' },
    { ...about, headers: headersOf(`${type}.v1`), value: `{${data}`, reason: 'not-json' },
    { ...about, headers: headersOf(`${type}.v1`), value: data, reason: 'invalid-data' },
    { ...about, headers: headersOf(`${type}.v9`), value: data, reason: 'unknown-version' },
  ]);
}

/** A confirmation for one person with the sealed address of another one. */
function swappedSeal(recent: readonly Seen[], chance: Chance): Broken | undefined {
  const mails = recent.filter(
    ({ topic, value }) => topic === 'notification.commands' && /expunge-confirmation/.test(value),
  );
  if (mails.length < 2) return undefined;
  const [mine, theirs] = chance.shuffled(mails);
  if (mine!.key === theirs!.key) return undefined;
  const { sealed } = JSON.parse(theirs!.value) as { sealed: string };
  const value = JSON.stringify({ ...(JSON.parse(mine!.value) as object), sealed, emailId: randomUUID() });
  const about = { topic: mine!.topic, key: mine!.key, parkedBy: ['notification-service'] as const };
  return { ...about, headers: renamed(mine!).headers, value, reason: 'seal' };
}

/** Evidence that somebody else than the participant gives. */
function forgedEvidence(recent: readonly Seen[], chance: Chance): Broken | undefined {
  const acks = recent.filter(({ topic, value }) => topic === 'expunge.acks' && /"erased"/.test(value));
  if (acks.length === 0) return undefined;
  const { topic, value, headers } = chance.pick(acks);
  const key = randomUUID();
  const forged = JSON.stringify({ ...(JSON.parse(value) as object), contactId: key, expungeId: randomUUID() });
  const lie = { ...headers, ce_id: randomUUID(), ce_source: 'somebody', ce_partitionkey: key };
  return { topic, key, headers: lie, value: forged, parkedBy: ['privacy-service'], reason: 'sender' };
}

/** Says what should not be said, or not again, or not in this order. */
export class Noise {
  constructor(
    private readonly stage: Stage,
    private readonly observer: Observer,
  ) {}

  /** Everything that anybody says is said twice. */
  async double(seconds: number): Promise<void> {
    this.observer.doubling = true;
    await pause(seconds * 1_000);
    this.observer.doubling = false;
  }

  /** Much of what was said last is said again as new messages, in any order. */
  async shuffle(chance: Chance): Promise<number> {
    const again = chance.shuffled(this.observer.recent).slice(0, 400).map(renamed);
    for (let from = 0; from < again.length; from += 50) await this.observer.publish(again.slice(from, from + 50));
    return again.length;
  }

  async malform(chance: Chance): Promise<number> {
    const { recent } = this.observer;
    const all = [
      ...Array.from({ length: 10 }, () => broken(chance)),
      ...Array.from({ length: 3 }, () => swappedSeal(recent, chance)),
      ...Array.from({ length: 3 }, () => forgedEvidence(recent, chance)),
    ].filter((one) => one !== undefined);
    for (const one of all) {
      const { topic, key, value, parkedBy, reason } = one;
      const noted: Malformed = { at: Date.now(), topic, key, value, parkedBy, reason };
      this.stage.folder.note('malformed', noted);
    }
    await this.observer.publish(all);
    return all.length;
  }

  /** A service reads a topic from its beginning again, as after an operator's reset of the group. */
  async replay(chance: Chance): Promise<string> {
    const service = chance.pick(SERVICE_NAMES);
    const admin = new Kafka({ clientId: 'operator', brokers: this.stage.brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      await this.stage.system.services[service].stop();
      const read = await admin.fetchOffsets({ groupId: service });
      const { topic } = chance.pick(read);
      await this.rewind(() => admin.resetOffsets({ groupId: service, topic, earliest: true }));
      return `${topic} to ${service}`;
    } finally {
      await this.stage.system.services[service].start();
      await admin.disconnect();
    }
  }

  /** Only a group without members can be reset; one that was killed before is missed after its session. */
  private async rewind(reset: () => Promise<unknown>): Promise<void> {
    for (let tries = 0; tries < 40; tries += 1) {
      const done = await reset().then(
        () => true,
        () => false,
      );
      if (done) return;
      await pause(500);
    }
  }
}
