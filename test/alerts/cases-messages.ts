import type { AlertCase } from './situation.js';

const outbox = (instance: string): string =>
  `outbox_oldest_age_seconds{service="contact-service",instance="${instance}"}`;
const POLL = 'consumer_last_poll_age_seconds{service="privacy-service",instance="a"}';
const LAG = 'consumer_lag_seconds{service="workflow-service",instance="a",topic="contact.events"}';
const LETTERS = 'dead_letters_waiting{service="workflow-service",instance="a",topic="contact.events"}';
const OF_LETTERS = { service: 'workflow-service', topic: 'contact.events' };

/** What keeps messages from being sent, read or handled. */
export const messageCases: Readonly<Record<string, AlertCase>> = {
  OutboxStalled: {
    // Two processes say the same of one database: one alert.
    fires: [
      {
        series: { [outbox('a')]: '121+60x30', [outbox('b')]: '121+60x30' },
        at: '10m',
        notYet: '4m',
        labels: { service: 'contact-service' },
        summary: 'contact-service does not get its messages out',
        says: 'The oldest message in the outbox of contact-service has waited 12m 1s for the broker.',
      },
    ],
    // An import: always something to send, and it is sent.
    silent: [{ series: { [outbox('a')]: '115+0x30' }, at: '30m' }],
  },
  ConsumerStuck: {
    fires: [
      {
        series: { [POLL]: '121+60x30' },
        at: '5m',
        notYet: '2m',
        labels: { service: 'privacy-service', instance: 'a' },
        summary: 'A process of privacy-service no longer reads messages',
        says: 'a (privacy-service) last heard from the broker 7m 1s ago.',
      },
    ],
    silent: [
      { series: { [POLL]: '115+0x30' }, at: '30m' },
      // A broker that was started anew.
      { series: { [POLL]: '121 181 0x20' }, at: '4m' },
    ],
  },
  ConsumerBehind: {
    fires: [
      {
        series: { [LAG]: '601+60x30' },
        at: '20m',
        notYet: '10m',
        labels: { service: 'workflow-service', topic: 'contact.events' },
        summary: 'workflow-service is behind on contact.events',
        says: 'The oldest message of contact.events that workflow-service has not handled is 30m 1s old.',
      },
    ],
    silent: [{ series: { [LAG]: '590+0x30' }, at: '30m' }],
  },
  DeadLettersWaiting: {
    fires: [
      {
        series: { [LETTERS]: '0 1x40' },
        at: '20m',
        notYet: '10m',
        labels: OF_LETTERS,
        summary: 'workflow-service has parked a message of contact.events',
        says: 'workflow-service could not handle 1 message(s) of contact.events. Nothing is lost for 30 days; what they ask for is not done.',
      },
    ],
    // Replayed by somebody who was there.
    silent: [{ series: { [LETTERS]: '0 7x10 0x20' }, at: '20m' }],
  },
  DeadLettersForgotten: {
    fires: [
      {
        series: { [LETTERS]: '2x200' },
        every: '1h',
        at: '169h',
        notYet: '167h',
        labels: OF_LETTERS,
        summary: 'Messages parked by workflow-service are about to be lost',
        says: 'workflow-service has had parked messages of contact.events for a week. Each is deleted 30 days after it was parked.',
      },
    ],
    silent: [{ series: { [LETTERS]: '2x100 0 2x100' }, every: '1h', at: '200h' }],
  },
};
