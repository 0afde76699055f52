import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { aclsOf, MESSAGES, SERVICES, type ServiceName, TOPICS } from '#contracts';
import { repositoryRoot } from '#local';
import type { Subscription } from '#messaging';
import { subscriptions as contact } from '../../apps/contact-service/src/subscriptions.js';
import { subscriptions as notification } from '../../apps/notification-service/src/subscriptions.js';
import { subscriptions as privacy } from '../../apps/privacy-service/src/subscriptions.js';
import { subscriptions as workflow } from '../../apps/workflow-service/src/subscriptions.js';

const SUBSCRIPTIONS: Record<ServiceName, readonly Subscription[]> = {
  'contact-service': contact,
  'workflow-service': workflow,
  'notification-service': notification,
  'privacy-service': privacy,
};

/** What a service may read although it does not yet: the facts about a client company are for all. */
const NOT_READ_YET: Partial<Record<ServiceName, string[]>> = { 'workflow-service': ['tenant.events'] };

/** Answers of participants, sent for them by libs/erasure. */
const SENT_BY_ERASURE = ['ContactDataErased', 'ContactErasureRefused'];

/** The messages that the sources of a service make: `message(SendEmail, ...)`. */
function sentBy(service: ServiceName): string[] {
  const folder = join(repositoryRoot(), 'apps', service, 'src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'));
  const text = sources.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
  const made = [...text.matchAll(/\bmessage\((\w+),/g)].map(([, name]) => name!);
  return text.includes('eraseContacts(') ? [...made, ...SENT_BY_ERASURE] : made;
}

const topicOf = (type: string): string | undefined => MESSAGES.find((message) => message.type === type)?.topic;
const sorted = (names: readonly (string | undefined)[]): string[] => [...new Set(names.map(String))].toSorted();

describe.each(SERVICES)('%s', (service) => {
  const rights = aclsOf(service);

  test('When it handles messages, then it may read their topics and no others', () => {
    const handled = SUBSCRIPTIONS[service].map(({ message }) => message.topic);
    expect(sorted(rights.read)).toEqual(sorted([...handled, ...(NOT_READ_YET[service] ?? [])]));
  });

  test('When it sends messages, then it may write their topics and no others', () => {
    expect(sentBy(service).filter((type) => topicOf(type) === undefined)).toEqual([]);
    expect(sorted(rights.write)).toEqual(sorted(sentBy(service).map(topicOf)));
  });

  test('When it joins groups, then they are its own, and no other service may join them', () => {
    expect(rights.groups).toEqual([
      { name: service, match: 'literal' },
      { name: `${service}.catch-up.`, match: 'prefix' },
    ]);
    const others = SERVICES.filter((other) => other !== service).flatMap((other) => aclsOf(other).groups);
    expect(others.filter(({ name }) => name.startsWith(service) || service.startsWith(name))).toEqual([]);
  });
});

test('When a topic is declared, then somebody writes it and somebody reads it', () => {
  for (const topic of Object.values(TOPICS)) expect([topic.writers.length, topic.readers.length]).not.toContain(0);
});
