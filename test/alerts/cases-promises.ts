import type { AlertCase } from './situation.js';

const OPEN = 'expunge_oldest_open_age_seconds{service="privacy-service",instance="a",state="erasing"}';
const ON_HOLD = OPEN.replace('erasing', 'waiting');
const DEADLINE = 'expunge_seconds_to_legal_deadline{service="privacy-service",instance="a"}';
const waiting = (purpose: string): string =>
  `mail_oldest_waiting_age_seconds{service="notification-service",instance="a",purpose="${purpose}"}`;
const DUE = 'timers_oldest_due_age_seconds{service="workflow-service",instance="a"}';
const PUT_OFF = 'timers_put_off_total{service="workflow-service",instance="a"}';
const OVERDUE = 'consent_requests_overdue{service="contact-service",instance="a"}';
const CHECKED = 'audit_chain_checked_timestamp_seconds{service="contact-service",instance="a"}';
const broken = (instance: string): string => `audit_chain_broken{service="contact-service",instance="${instance}"}`;
const mails = (outcome: string, purpose = 'expunge-confirmation'): string =>
  `mails_total{service="notification-service",purpose="${purpose}",outcome="${outcome}"}`;

/** Oldest removal, legal deadline, mails, timers, audit log. */
export const promiseCases: Readonly<Record<string, AlertCase>> = {
  RemovalSlow: {
    fires: [
      {
        series: { [OPEN]: '3600+60x30' },
        at: '20m',
        notYet: '10m',
        says: 'The oldest removal under way was asked for 1h 20m 0s ago; it usually takes seconds.',
      },
    ],
    silent: [{ series: { [OPEN]: '3500+0x60', [ON_HOLD]: '900000+60x60' }, at: '1h' }],
  },
  RemovalOverdue: {
    fires: [
      {
        series: { [OPEN]: '86400+60x30' },
        at: '10m',
        notYet: '3m',
        says: 'The oldest removal under way was asked for 1d 0h 10m 0s ago. The person still waits for the proof.',
      },
    ],
    silent: [{ series: { [OPEN]: '86000+0x30', [ON_HOLD]: '900000+60x30' }, at: '30m' }],
  },
  LegalDeadlineNear: {
    fires: [
      {
        series: { [DEADLINE]: '604800-60x30' },
        at: '10m',
        notYet: '3m',
        says: 'The law gives 6d 23h 50m 0s more to the most urgent request that is not done.',
      },
    ],
    silent: [{ series: { [DEADLINE]: '605000+0x30' }, at: '30m' }],
  },
  MailsFail: {
    fires: [
      // The mail server is away: one mail after the other finds that out. Nothing went wrong before.
      {
        series: { [mails('unreachable')]: '0x60 0+2x90', [mails('accepted')]: '0+10x60 600x90' },
        at: '2h20m',
        notYet: '2h',
        says: '100% of the attempts to hand over confirmations and removal links fail.',
      },
      // Every third is refused, for hours.
      {
        series: { [mails('rejected')]: '0+1x230', [mails('accepted')]: '0+2x230' },
        every: '2m',
        at: '7h',
        says: '33.33% of the attempts to hand over confirmations and removal links fail.',
      },
    ],
    silent: [
      { series: { [mails('rejected')]: '0+28x230', [mails('accepted')]: '0+72x230' }, every: '2m', at: '7h' },
      // The mail server was away for half an hour.
      { series: { [mails('unreachable')]: '0x60 0+2x30 60x30', [mails('accepted')]: '0+10x60 600x30' }, at: '1h30m' },
      // It was for hours, and is back.
      { series: { [mails('unreachable')]: '0+2x300 600x60', [mails('accepted')]: '0x300 0+10x60' }, at: '6h' },
      // Dead addresses among those who are asked to opt in.
      { series: { [mails('rejected', 'opt-in')]: '0+50x150', [mails('accepted')]: '0+10x150' }, at: '2h' },
    ],
  },
  MailsFailSlowly: {
    fires: [
      {
        series: { [mails('rejected')]: '0+1x300', [mails('accepted')]: '0+4x300' },
        every: '5m',
        at: '24h',
        notYet: '30m',
        says: '20% of the attempts to hand over confirmations and removal links failed in a day.',
      },
    ],
    silent: [{ series: { [mails('rejected')]: '0+14x300', [mails('accepted')]: '0+86x300' }, every: '5m', at: '24h' }],
  },
  MailsWait: {
    fires: [
      {
        series: { [waiting('expunge-confirmation')]: '3600+60x30' },
        at: '20m',
        notYet: '10m',
        says: 'The oldest mail that waits to be handed over has waited 1h 20m 0s.',
      },
    ],
    // Those that ask to opt in wait for the budget of the next day.
    silent: [
      { series: { [waiting('expunge-confirmation')]: '3500+0x60', [waiting('opt-in')]: '80000+0x60' }, at: '1h' },
    ],
  },
  TimersLate: {
    fires: [
      {
        series: { [DUE]: '900+60x30' },
        at: '20m',
        notYet: '10m',
        says: 'The longest due timer has been due for 35m 0s. Nobody is removed too early; mails and removals come late.',
      },
    ],
    silent: [
      { series: { [DUE]: '890+0x30' }, at: '30m' },
      // A workflow of very many contacts: late, and on its way.
      { series: { [DUE]: '1000+0x10 0x20' }, at: '12m' },
    ],
  },
  TimersPutOff: {
    fires: [
      {
        series: { [PUT_OFF]: '0x9 1x9 2x9 3x9 4x9 5x9 6x9 7x9 8x9', [PUT_OFF.replace('"a"', '"b"')]: '0x90' },
        at: '1h15m',
        notYet: '1h5m',
        says: 'For longer than an hour timers fail each time they are tried. Their contacts get no mail and are not removed; others are not held up.',
      },
    ],
    // It failed three times, and has fired.
    silent: [{ series: { [PUT_OFF]: '0x9 1x9 2x9 3x90' }, at: '58m' }],
  },
  ConsentRequestsOverdue: {
    fires: [
      {
        series: { [OVERDUE]: '0x10 3x90' },
        at: '1h20m',
        notYet: '1h',
        says: '3 contacts did not answer, are late by days, and workflow-service does not ask for their removal. Nobody is removed wrongly; they stay too long.',
      },
    ],
    silent: [{ series: { [OVERDUE]: '0x90' }, at: '1h30m' }],
  },
  AuditChainBroken: {
    fires: [
      {
        series: { [broken('a')]: '0 0 1', [broken('b')]: '0 0 0' },
        at: '2m',
        notYet: '1m',
        labels: { service: 'contact-service' },
        summary: 'The audit log of contact-service is not as it was written',
        says: 'A row of the audit log of contact-service was changed, removed or reordered. Take it for an attack until it is explained.',
      },
    ],
    silent: [{ series: { [broken('a')]: '0 0 0', [broken('b')]: '0 0 0' }, at: '2m' }],
  },
  AuditChainUnchecked: {
    fires: [
      {
        series: { [CHECKED]: '0x300' },
        every: '15m',
        at: '49h',
        notYet: '48h15m',
        labels: { service: 'contact-service' },
        summary: 'Nobody checks the audit log of contact-service',
        says: 'The chain of the audit log of contact-service was last checked 2d 1h 0m 0s ago.',
      },
    ],
    // One of two processes has checked it: that is enough.
    silent: [
      {
        series: { [CHECKED]: '0x300', [CHECKED.replace('"a"', '"b"')]: '90000x300' },
        every: '15m',
        at: '49h',
      },
    ],
  },
};
