import type { AlertCase } from './situation.js';

const up = (service: string, instance = 'a'): string => `up{service="${service}",instance="${instance}"}`;
const OTHERS = {
  [up('workflow-service')]: '1x30',
  [up('notification-service')]: '1x30',
  [up('privacy-service')]: '1x30',
};
const requests = (status: string, route = '/v1/contacts/:contactId'): string =>
  `http_request_duration_seconds_count{service="contact-service",method="GET",route="${route}",status="${status}"}`;
const LOOP = 'nodejs_eventloop_lag_p99_seconds{service="contact-service",instance="a"}';
const POOL = 'database_pool_waiting{service="contact-service",instance="a",pool="requests"}';
const FAILED = 'metrics_read_failed{service="contact-service",instance="a"}';
const ENDS =
  'key_expires_timestamp_seconds{service="notification-service",instance="a",key="BOUNCE_SMTP_TLS_CERT_FILE"}';
const OF_CONTACT = { service: 'contact-service' };
const OF_PROCESS = { ...OF_CONTACT, instance: 'a' };
const down = {
  at: '5m',
  notYet: '2m',
  labels: OF_CONTACT,
  summary: 'contact-service is down',
  says: 'No process of contact-service answers Prometheus.',
};

/** The processes themselves. */
export const processCases: Readonly<Record<string, AlertCase>> = {
  ServiceDown: {
    fires: [
      // Not one pod is there to be asked.
      { series: OTHERS, ...down },
      // Its pods are there, and none answers.
      { series: { ...OTHERS, [up('contact-service')]: '0x30', [up('contact-service', 'b')]: '0x30' }, ...down },
    ],
    // One of two is being replaced.
    silent: [
      { series: { ...OTHERS, [up('contact-service')]: '0x30', [up('contact-service', 'b')]: '1x30' }, at: '30m' },
    ],
  },
  RequestsFail: {
    fires: [
      {
        series: { [requests('200')]: '0+90x120', [requests('500')]: '0+10x120' },
        at: '30m',
        notYet: '5m',
        labels: OF_CONTACT,
        summary: 'Requests to contact-service fail',
        says: '10% of the requests to contact-service are answered with an error of ours (5xx).',
      },
      {
        series: { [requests('200')]: '0+96x230', [requests('500')]: '0+4x230' },
        every: '2m',
        at: '7h',
        labels: OF_CONTACT,
        summary: 'Requests to contact-service fail',
        says: '4% of the requests to contact-service are answered with an error of ours (5xx).',
      },
    ],
    silent: [
      { series: { [requests('200')]: '0+972x230', [requests('500')]: '0+28x230' }, every: '2m', at: '7h' },
      // What callers did wrong, and probes of a pod that is not ready.
      {
        series: {
          [requests('200')]: '0+90x120',
          [requests('404')]: '0+50x120',
          [requests('503', '/health/ready')]: '0+50x120',
        },
        at: '2h',
      },
    ],
  },
  EventLoopBlocked: {
    fires: [
      {
        series: { [LOOP]: '0.75x30' },
        at: '15m',
        notYet: '5m',
        labels: OF_PROCESS,
        summary: 'A process of contact-service is too busy to answer',
        says: 'The event loop of a (contact-service) is 750ms late (p99).',
      },
    ],
    silent: [{ series: { [LOOP]: '0.45x30' }, at: '30m' }],
  },
  DatabasePoolExhausted: {
    fires: [
      {
        series: { [POOL]: '1x30' },
        at: '6m',
        notYet: '4m',
        labels: { ...OF_PROCESS, pool: 'requests' },
        summary: 'contact-service waits for connections to its database',
        says: 'At every look for 5 minutes somebody waited for a connection of pool requests of a (contact-service).',
      },
    ],
    // Many at once, and then none.
    silent: [{ series: { [POOL]: '90 90 90 90 0 90 90 90' }, at: '7m' }],
  },
  KeyExpires: {
    fires: [
      {
        series: { [ENDS]: '1209600x30' },
        every: '10m',
        at: '2h',
        notYet: '30m',
        labels: { service: 'notification-service', key: 'BOUNCE_SMTP_TLS_CERT_FILE' },
        summary: 'A certificate of notification-service is about to end',
        says: 'The certificate of BOUNCE_SMTP_TLS_CERT_FILE of notification-service ends in 13d 22h 0m 0s.',
      },
    ],
    silent: [{ series: { [ENDS]: '1300000x30' }, every: '10m', at: '2h' }],
  },
  MetricsNotReadable: {
    fires: [
      {
        series: { [FAILED]: '1x30' },
        at: '6m',
        notYet: '4m',
        labels: OF_PROCESS,
        summary: 'contact-service cannot tell how it is doing',
        says: 'a (contact-service) cannot read its figures from the database. Alerts about outbox, dead letters, requests, mails and timers see nothing there.',
      },
    ],
    silent: [{ series: { [FAILED]: '1 1 0 1 1 0 1 1' }, at: '7m' }],
  },
};
