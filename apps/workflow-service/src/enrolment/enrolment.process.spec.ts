import 'reflect-metadata';
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { DECLINE_REASONS, NOT_SENT_REASONS } from '#contracts';
import type { EnrolmentState, Input } from './enrolment-state.process.js';
import { decide } from './enrolment.process.js';
import type { Decision, Given, Progress } from './enrolment-moves.process.js';

const DAY = 24 * 60 * 60;
const MINUTE_MS = 60 * 1_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NOW = new Date('2026-11-02T09:30:00.000Z');
const STEPS = [
  { action: 'send-opt-in' },
  { action: 'wait', seconds: 21 * DAY },
  { action: 'send-reminder' },
  { action: 'wait', seconds: 9 * DAY },
  { action: 'expunge' },
];
const mail = (step: number, attempt = 1): string => `mail ${step}.${attempt}`;
const given = (steps: Given['steps'] = STEPS, now = NOW): Given => ({ steps, now, emailId: mail });
const later = (ms: number): Date => new Date(NOW.getTime() + ms);

const ENROLLED: EnrolmentState = {
  enrolmentId: 'enrolment',
  tenantId: 'tenant',
  contactId: 'contact',
  workflowId: 'workflow',
  version: 1,
  state: 'waiting',
  declined: false,
  step: 0,
  attempt: 1,
  firstAttempt: 1,
  remindedAgain: 0,
  postponed: 0,
  unanswered: false,
  lateTimers: 0,
};

const fired: Input = { kind: 'timer-fired', late: false };
const accepted = (emailId: string, at = NOW): Input => ({ kind: 'email-accepted', emailId, at });
const bounced = (emailId: string, bounce: 'hard' | 'soft' | 'complaint'): Input => {
  return { kind: 'email-bounced', emailId, bounce };
};
const declines: Input = { kind: 'contact-declined' };
const keeps = (reason: (typeof DECLINE_REASONS)[number]): Input => ({ kind: 'expunge-declined', reason });

/** Takes the state through the inputs; ignored ones leave it as it is. */
function after(inputs: readonly Input[], state = ENROLLED, about = given()): EnrolmentState {
  return inputs.reduce((now, input) => {
    const decision = decide(now, input, about);
    return 'ignored' in decision ? now : decision.state;
  }, state);
}
const whyIgnored = (decision: Decision): string | undefined => ('ignored' in decision ? decision.ignored : undefined);
const progress = (state: EnrolmentState, input: Input, about = given()): Progress => {
  const decision = decide(state, input, about);
  if ('ignored' in decision) throw new Error(`ignored: ${decision.ignored}`);
  return decision;
};
const types = ({ messages }: Progress): string[] => messages.map(({ message }) => message.type);

const asked = after([fired]);
const inFirstWait = after([fired, accepted(mail(0))]);
const reminded = after([fired, accepted(mail(0)), fired]);
const inLastWait = after([fired, accepted(mail(0)), fired, accepted(mail(2))]);
const expunging = after([fired, accepted(mail(0)), fired, accepted(mail(2)), fired]);

describe('The way of who is silent', () => {
  it('When the first timer fires, then the mail is asked for and no timer runs before it is accepted', () => {
    const first = progress(ENROLLED, fired);
    expect(types(first)).toEqual(['RequestOptIn']);
    expect(first.messages[0]?.data).toMatchObject({
      emailId: mail(0),
      template: 'opt-in',
      graceSeconds: 30 * DAY,
      linkValidSeconds: 37 * DAY,
    });
    expect(first).toMatchObject({ state: { askedAt: NOW, optInMail: mail(0), step: 0 } });
  });

  it('When the mail is accepted, then the wait counts from that moment and not from now', () => {
    const at = later(-5_000);
    expect(progress(asked, accepted(mail(0), at)).timer).toEqual(new Date(at.getTime() + 21 * DAY_MS));
  });

  it('When a wait is over, then the reminder says what is left, and its own acceptance starts the next wait', () => {
    const reminder = progress(inFirstWait, fired);
    expect(reminder.messages[0]?.data).toMatchObject({ template: 'opt-in-reminder', graceSeconds: 9 * DAY });
    expect(reminder.timer).toBeUndefined();
    expect(progress(reminded, accepted(mail(2), later(HOUR_MS))).timer).toEqual(later(HOUR_MS + 9 * DAY_MS));
  });

  it('When the last wait is over, then the removal is asked for, by the mail that started the grace period', () => {
    const last = progress(inLastWait, fired);
    expect(types(last)).toEqual(['ExpungeContact']);
    expect(last.messages[0]?.data).toMatchObject({ emailId: mail(0), graceSeconds: 30 * DAY });
    expect(last).toMatchObject({ state: { state: 'expunging', askedAt: NOW } });
  });

  it('When a workflow only asks, then nobody is told of a removal and it ends', () => {
    const about = given([{ action: 'send-opt-in' }, { action: 'wait', seconds: DAY }]);
    expect(progress(ENROLLED, fired, about).messages[0]?.data).toMatchObject({
      graceSeconds: 0,
      linkValidSeconds: 30 * DAY,
    });
    expect(after([fired, accepted(mail(0)), fired], ENROLLED, about)).toMatchObject({
      state: 'ended',
      reason: 'completed',
    });
  });

  it('When a link lifetime is set, then the mail has that one', () => {
    const about = given([{ action: 'send-opt-in', linkValidSeconds: 40 * DAY }, ...STEPS.slice(1)]);
    expect(progress(ENROLLED, fired, about).messages[0]?.data).toMatchObject({ linkValidSeconds: 40 * DAY });
  });

  it('When a timer fires late, then it is counted', () => {
    expect(after([{ kind: 'timer-fired', late: true }])).toMatchObject({ lateTimers: 1 });
  });
});

describe('Who decides', () => {
  const anywhere = { ENROLLED, asked, inFirstWait, reminded, inLastWait, expunging };

  test.each(Object.entries(anywhere))(
    'When the contact opts in (%s), then it is over and no timer is left',
    (_, state) => {
      expect(progress(state, { kind: 'contact-opted-in' })).toMatchObject({
        timer: null,
        state: { state: 'opted-in' },
      });
    },
  );

  test.each(Object.entries(anywhere))('When the enrolment is stopped (%s), then it is over', (_, state) => {
    expect(progress(state, { kind: 'enrolment-stopped' })).toMatchObject({ timer: null, state: { state: 'stopped' } });
  });

  test.each(Object.entries(anywhere))('When the contact is disabled (%s), then it is over', (_, state) => {
    const over = { state: 'ended', reason: 'disabled' };
    expect(progress(state, { kind: 'contact-disabled' })).toMatchObject({ timer: null, state: over });
  });

  it('When the contact declines, then the timer runs on, no reminder is sent and the removal is asked for', () => {
    const declined = progress(inFirstWait, declines);
    expect(declined).toMatchObject({ state: { state: 'declined' }, messages: [] });
    expect(declined.timer).toBeUndefined();
    const skipped = progress(declined.state, fired);
    expect(skipped).toMatchObject({ messages: [], timer: later(9 * DAY_MS), state: { state: 'declined' } });
    expect(types(progress(skipped.state, fired))).toEqual(['ExpungeContact']);
  });

  it('When the contact declines before its mail is accepted, then the late acceptance still starts the clock', () => {
    const late = progress(after([declines], asked), accepted(mail(0), later(1_000)));
    expect(late).toMatchObject({ timer: later(1_000 + 21 * DAY_MS), state: { state: 'declined' } });
  });

  it('When the contact has declined before any mail, then none is sent and a person decides', () => {
    const nobody = progress(after([declines]), fired);
    expect(nobody).toMatchObject({ messages: [], timer: null, state: { state: 'undeliverable', reason: 'declined' } });
  });

  it('When it is over, then nothing changes it any more', () => {
    const over = after([{ kind: 'contact-opted-in' }], inFirstWait);
    for (const input of [fired, accepted(mail(0)), declines, bounced(mail(0), 'hard'), keeps('held')]) {
      expect(whyIgnored(decide(over, input, given()))).toBe('already-over');
    }
  });
});

describe('Mails', () => {
  it('When the acceptance is of another mail, step or attempt, or comes twice, then it starts no clock', () => {
    expect(whyIgnored(decide(asked, accepted('foreign'), given()))).toBe('other-mail');
    expect(whyIgnored(decide(reminded, accepted(mail(0)), given()))).toBe('other-mail');
    expect(whyIgnored(decide(inFirstWait, accepted(mail(0)), given()))).toBe('no-outcome-awaited');
    expect(whyIgnored(decide(expunging, accepted(mail(0)), given()))).toBe('other-mail');
    const again = after([bounced(mail(0), 'soft'), fired], inFirstWait);
    expect(whyIgnored(decide(again, accepted(mail(0)), given()))).toBe('other-mail');
    expect(progress(again, accepted(mail(0, 2))).timer).toEqual(later(21 * DAY_MS));
  });

  it.each([
    ['the mail is refused for good', asked, { kind: 'email-rejected', emailId: mail(0), permanent: true }],
    ['the reminder is refused for good', reminded, { kind: 'email-rejected', emailId: mail(2), permanent: true }],
    ['the mail comes back for good', inFirstWait, bounced(mail(0), 'hard')],
    ['the first mail comes back in the last wait', inLastWait, bounced(mail(0), 'hard')],
    ['it comes back while the removal is asked for', expunging, bounced(mail(0), 'hard')],
  ] as [string, EnrolmentState, Input][])(
    'When %s, then it is undeliverable and no timer is left',
    (_, state, input) => {
      expect(progress(state, input)).toMatchObject({ timer: null, state: { state: 'undeliverable' } });
    },
  );

  it('When a mail is only put off, then its outcome is awaited from now on; when another one is, then nothing changes', () => {
    const putOff = (emailId: string): Input => ({ kind: 'email-rejected', emailId, permanent: false });
    const overdue = after([{ kind: 'outcome-overdue' }], asked);
    expect(overdue).toMatchObject({ unanswered: true });
    const heard = progress(overdue, putOff(mail(0)), given(STEPS, later(DAY_MS)));
    expect(heard).toEqual({ state: { ...asked, askedAt: later(DAY_MS) }, messages: [] });
    expect(whyIgnored(decide(asked, putOff(mail(2)), given()))).toBe('other-mail');
    expect(whyIgnored(decide(inFirstWait, putOff(mail(0)), given()))).toBe('no-outcome-awaited');
  });

  it('When a bounce is of a foreign mail, then nothing changes', () => {
    for (const bounce of ['hard', 'soft', 'complaint'] as const) {
      expect(whyIgnored(decide(inFirstWait, bounced('foreign', bounce), given()))).toBe('other-mail');
    }
  });

  it('When a mail comes back softly, then after a day another mail is sent, with a clock of its own, three times at most', () => {
    const second = progress(inLastWait, bounced(mail(0), 'soft'));
    expect(second).toMatchObject({ timer: later(DAY_MS), state: { step: 0, attempt: 2, state: 'waiting' } });
    expect(second.state.acceptedAt).toBeUndefined();
    const sent = progress(second.state, fired);
    expect(sent.messages[0]?.data).toMatchObject({ emailId: mail(0, 2), template: 'opt-in', graceSeconds: 30 * DAY });
    const third = after([accepted(mail(0, 2)), bounced(mail(0, 2), 'soft'), fired], sent.state);
    expect(third).toMatchObject({ attempt: 3, optInMail: mail(0, 3) });
    const last = progress(third, bounced(mail(0, 3), 'soft'));
    expect(last).toMatchObject({ timer: null, state: { state: 'undeliverable', reason: 'bounced' } });
  });

  it('When a reminder comes back softly, then only it is sent again and the grace period of the first mail runs on', () => {
    const again = progress(inLastWait, bounced(mail(2), 'soft'));
    expect(again.state).toMatchObject({ step: 2, attempt: 2, optInMail: mail(0), acceptedAt: NOW });
    expect(progress(again.state, fired).messages[0]?.data).toMatchObject({ emailId: mail(2, 2) });
  });

  describe('A reminder that comes back softly', () => {
    const twice = [bounced(mail(0), 'soft'), fired, accepted(mail(0, 2)), bounced(mail(0, 2), 'soft'), fired];
    /** The mail that asks came back twice, the third one arrived, and its reminder is awaited. */
    const thirdReminded = after([fired, accepted(mail(0)), ...twice, accepted(mail(0, 3)), fired]);
    const again = (attempt: number): Input[] => [bounced(mail(2, attempt), 'soft'), fired];
    const thrice = [...again(3), ...again(4)];

    it('When the attempts of the mail that asks are used up, then the reminder has its own', () => {
      const state = after([accepted(mail(2, 3)), ...again(3), accepted(mail(2, 4)), ...again(4)], thirdReminded);
      expect(state).toMatchObject({ state: 'waiting', optInMail: mail(0, 3), attempt: 5, askedAt: NOW });
    });

    it('When it comes back for the third time, then its timer runs on to the removal, by the mail that was accepted', () => {
      const state = after([...thrice, accepted(mail(2, 5))], thirdReminded);
      expect(whyIgnored(decide(state, bounced(mail(2, 5), 'soft'), given()))).toBe('no-further-mails');
      const last = progress(state, fired);
      expect(types(last)).toEqual(['ExpungeContact']);
      expect(last.messages[0]?.data).toMatchObject({ emailId: mail(0, 3) });
    });

    it('When nobody has heard of its acceptance, then the wait begins with the bounce', () => {
      const state = progress(after(thrice, thirdReminded), bounced(mail(2, 5), 'soft'));
      expect(state).toMatchObject({ timer: NOW, messages: [], state: { state: 'waiting', step: 3 } });
      expect(progress(state.state, fired).timer).toEqual(later(9 * DAY_MS));
      expect(whyIgnored(decide(state.state, accepted(mail(2, 5)), given()))).toBe('no-outcome-awaited');
    });

    it('When it has come back, then the mail that asks has its three attempts all the same', () => {
      const reminders = after([bounced(mail(2), 'soft'), fired, bounced(mail(2, 2), 'soft'), fired], inLastWait);
      const asks = [bounced(mail(0), 'soft'), fired, bounced(mail(0, 4), 'soft'), fired];
      expect(after(asks, reminders)).toMatchObject({ state: 'waiting', attempt: 5, optInMail: mail(0, 5) });
      expect(after([...asks, bounced(mail(0, 5), 'soft')], reminders)).toMatchObject({ state: 'undeliverable' });
    });
  });

  it('When it is told again that a mail came back softly, before the next is sent, then that is no second time', () => {
    for (const told of [mail(0), mail(2)]) {
      const second = after([bounced(told, 'soft')], inLastWait);
      expect(whyIgnored(decide(second, bounced(told, 'soft'), given()))).toBe('other-mail');
      // What is worse counts, whenever it is heard of.
      expect(progress(second, bounced(told, 'hard')).state).toMatchObject({ state: 'undeliverable' });
    }
  });

  it('When an old attempt comes back softly once more, then it is ignored', () => {
    const second = after([bounced(mail(0), 'soft'), fired], inFirstWait);
    expect(whyIgnored(decide(second, bounced(mail(0), 'soft'), given()))).toBe('other-mail');
    expect(progress(second, bounced(mail(0), 'hard')).state.state).toBe('undeliverable');
  });

  it('When the recipient complains, then it counts as a decline', () => {
    expect(progress(inFirstWait, bounced(mail(0), 'complaint'))).toMatchObject({ state: { state: 'declined' } });
    const declined = after([declines], inFirstWait);
    expect(whyIgnored(decide(declined, bounced(mail(0), 'soft'), given()))).toBe('no-further-mails');
  });

  it('When no mail is sent, then the reason decides', () => {
    const states = NOT_SENT_REASONS.map((reason) => {
      const { state, timer } = progress(asked, { kind: 'opt-in-not-sent', emailId: mail(0), reason });
      return [reason, state.state, state.reason, timer];
    });
    expect(states).toEqual([
      ['no-address', 'undeliverable', 'no-address', null],
      ['opted-in', 'opted-in', undefined, null],
      ['declined', 'undeliverable', 'declined', null],
      ['disabled', 'ended', 'disabled', null],
      ['undeliverable', 'undeliverable', 'undeliverable', null],
      ['suppressed', 'undeliverable', 'suppressed', null],
      ['stopped', 'stopped', undefined, null],
      ['gone', 'ended', 'gone', null],
    ]);
  });

  it('When the mail was called back because the contact declined, and had just gone out, then its time runs', () => {
    const calledBack = after([declines, { kind: 'opt-in-not-sent', emailId: mail(0), reason: 'declined' }], asked);
    expect(calledBack).toMatchObject({ state: 'undeliverable', reason: 'declined' });
    expect(progress(calledBack, accepted(mail(0)))).toMatchObject({
      timer: later(21 * DAY_MS),
      state: { state: 'declined', declined: true, reason: undefined, acceptedAt: NOW },
    });
    expect(whyIgnored(decide(calledBack, accepted(mail(2)), given()))).toBe('no-outcome-awaited');
  });

  it.each([
    ['declined', { state: 'declined', declined: true }],
    ['suppressed', { state: 'waiting', declined: false }],
  ] as const)('When no reminder is sent (%s), then its wait begins all the same', (reason, state) => {
    const next = progress(reminded, { kind: 'opt-in-not-sent', emailId: mail(2), reason });
    expect(next).toMatchObject({ timer: later(9 * DAY_MS), state });
  });
});

describe('A removal that is put off', () => {
  it('When it is declined for good, then the reason decides', () => {
    const ends = (['opted-in', 'stopped', 'gone', 'bounced'] as const).map((reason) =>
      progress(expunging, keeps(reason)),
    );
    expect(ends.map(({ state, timer }) => [state.state, timer])).toEqual([
      ['opted-in', null],
      ['stopped', null],
      ['ended', null],
      ['undeliverable', null],
    ]);
  });

  test.each(['held', 'policy-off', 'kill-switch'] as const)(
    'When it is declined for now (%s), then it is asked for after an hour, doubling to a day, for ever',
    (reason) => {
      let state = expunging;
      const pauses = Array.from({ length: 7 }, () => {
        const put = progress(state, keeps(reason));
        state = after([fired], put.state);
        return (put.timer!.getTime() - NOW.getTime()) / HOUR_MS;
      });
      expect(pauses).toEqual([1, 2, 4, 8, 16, 24, 24]);
      expect(progress({ ...expunging, postponed: 100_000 }, keeps(reason)).timer).toEqual(later(DAY_MS));
    },
  );

  it('When contact-service knows of no mail, then it is asked for after a minute, doubling to a day', () => {
    const pauses = [0, 1, 6, 11, 100_000].map((count) => {
      const { timer } = progress({ ...expunging, postponed: count }, keeps('not-asked'));
      return (timer!.getTime() - NOW.getTime()) / MINUTE_MS;
    });
    expect(pauses).toEqual([1, 2, 64, 1_440, 1_440]);
  });

  it('When it is too early, then it is asked for at the right time; where that is not later, after an hour', () => {
    expect(progress(expunging, keeps('too-early')).timer).toEqual(later(30 * DAY_MS));
    const over = { ...expunging, acceptedAt: later(-31 * DAY_MS) };
    expect(progress(over, keeps('too-early')).timer).toEqual(later(HOUR_MS));
  });

  it('When the cap of the day is reached, then it is asked for on the next day', () => {
    expect(progress(expunging, keeps('daily-cap')).timer).toEqual(new Date('2026-11-03T00:00:00.000Z'));
  });

  it('When it was declined by the contact before, then it shows again as declined', () => {
    const state = after([declines], inLastWait);
    expect(after([fired], state).state).toBe('expunging');
    expect(after([fired, keeps('held')], state).state).toBe('declined');
  });

  it('When the answer comes twice, or nothing was asked, then it is ignored', () => {
    for (const state of [asked, inLastWait, after([keeps('held')], expunging)]) {
      expect(whyIgnored(decide(state, keeps('held'), given()))).toBe('no-outcome-awaited');
    }
  });
});

describe('Repairs', () => {
  it('When the outcome of a mail or a removal is missing, then exactly the same is asked again', () => {
    for (const [state, before] of [
      [asked, ENROLLED],
      [reminded, inFirstWait],
      [expunging, inLastWait],
    ] as const) {
      const again = progress(state, { kind: 'outcome-overdue' }, given(STEPS, later(DAY_MS)));
      expect(again.messages).toEqual(progress(before, fired).messages);
      expect(again.state).toEqual({ ...state, askedAt: later(DAY_MS), unanswered: true });
    }
  });

  it('When the contact has declined while the outcome is missing, then the mail is asked for again all the same', () => {
    const declined = after([declines], asked);
    expect(types(progress(declined, { kind: 'outcome-overdue' }))).toEqual(['RequestOptIn']);
  });

  it('When a timer is lost, then it is due now; where none belongs, there is none', () => {
    expect(progress(inFirstWait, { kind: 'timer-lost' })).toMatchObject({
      timer: NOW,
      messages: [],
      state: inFirstWait,
    });
    expect(whyIgnored(decide(asked, { kind: 'timer-lost' }, given()))).toBe('no-timer-awaited');
    expect(whyIgnored(decide(asked, fired, given()))).toBe('no-timer-awaited');
    expect(whyIgnored(decide(inFirstWait, { kind: 'outcome-overdue' }, given()))).toBe('no-outcome-awaited');
  });
});

const ASKS = [{ action: 'send-opt-in' }];
const ASKS_AND_WAITS = [...ASKS, { action: 'wait', seconds: DAY }];
const ASKS_TWICE = [...ASKS_AND_WAITS, { action: 'send-reminder' }];
const WORKFLOWS = [STEPS, ASKS, ASKS_AND_WAITS, ASKS_TWICE];

describe.each([
  ['asks', ASKS, [fired, accepted(mail(0))]],
  ['asks and waits', ASKS_AND_WAITS, [fired, accepted(mail(0)), fired]],
  ['asks and reminds', ASKS_TWICE, [fired, accepted(mail(0)), fired, accepted(mail(2))]],
] as const)('A workflow that only %s, and has done all of it', (_, steps, way) => {
  const about = given(steps);
  const completed = after(way, ENROLLED, about);
  const anew: Input = { kind: 'ask-anew', workflows: new Set(['another', 'workflow']) };

  it('When its mail comes back for good, then it is undeliverable; when that is told twice, then nothing more changes', () => {
    expect(completed).toMatchObject({ state: 'ended', reason: 'completed' });
    const dead = progress(completed, bounced(mail(0), 'hard'), about);
    expect(dead).toMatchObject({ timer: null, messages: [], state: { state: 'undeliverable', reason: 'bounced' } });
    expect(whyIgnored(decide(dead.state, bounced(mail(0), 'hard'), about))).toBe('no-outcome-awaited');
    expect(whyIgnored(decide(completed, bounced('foreign', 'hard'), about))).toBe('other-mail');
  });

  it('When its mail comes back softly, then it is sent again, three times at most, and it is completed once more', () => {
    const second = progress(completed, bounced(mail(0), 'soft'), about);
    expect(second).toMatchObject({ timer: later(DAY_MS), state: { state: 'waiting', step: 0, attempt: 2 } });
    expect(second.state.reason).toBeUndefined();
    expect(whyIgnored(decide(second.state, bounced(mail(0), 'soft'), about))).toBe('other-mail');
    expect(progress(second.state, fired, about).messages[0]?.data).toMatchObject({ emailId: mail(0, 2) });
    const tried = [fired, accepted(mail(0, 2)), bounced(mail(0, 2), 'soft'), fired, accepted(mail(0, 3))];
    const third = after([...tried, ...way.slice(2, 3)], second.state, about);
    const over = after(way.length > 3 ? [accepted(mail(2, 3))] : [], third, about);
    expect(over).toMatchObject({ state: 'ended', reason: 'completed', attempt: 3 });
    expect(after([bounced(mail(0, 3), 'soft')], over, about)).toMatchObject({
      state: 'undeliverable',
      reason: 'bounced',
    });
  });

  it('When the address was corrected, then it is asked anew by another mail, also after the first came back', () => {
    for (const state of [completed, after([bounced(mail(0), 'hard')], completed, about)]) {
      const again = progress(state, anew, about);
      expect(again).toMatchObject({ timer: NOW, messages: [], state: { state: 'waiting', attempt: 2 } });
      expect(again.state.reason).toBeUndefined();
      expect(whyIgnored(decide(again.state, anew, about))).toBe('not-asked-yet');
      expect(whyIgnored(decide(again.state, bounced(mail(0), 'hard'), about))).toBe('other-mail');
      expect(progress(again.state, fired, about).messages[0]?.data).toMatchObject({ emailId: mail(0, 2) });
    }
  });

  it('When the workflow takes nobody in any more, then it is not asked anew', () => {
    const archived: Input = { ...anew, workflows: new Set(['another']) };
    expect(whyIgnored(decide(completed, archived, about))).toBe('already-over');
  });

  it('When the contact or the client decides, then that counts, and what is heard of its mails does not', () => {
    const decided = (['contact-opted-in', 'enrolment-stopped', 'contact-disabled'] as const).map((kind) =>
      after([{ kind }], completed, about),
    );
    expect(decided.map(({ state, reason }) => [state, reason])).toEqual([
      ['opted-in', undefined],
      ['stopped', undefined],
      ['ended', 'disabled'],
    ]);
    for (const state of decided) {
      for (const input of [anew, bounced(mail(0), 'hard'), bounced(mail(0), 'soft')]) {
        expect(whyIgnored(decide(state, input, about))).toBe('already-over');
      }
    }
  });

  it('When the contact declines or complains, then nothing is sent again', () => {
    for (const no of [declines, bounced(mail(0), 'complaint')]) {
      const declined = progress(completed, no, about);
      expect(declined).toMatchObject({ messages: [], state: { state: 'ended', reason: 'completed', declined: true } });
      expect(declined.timer).toBeUndefined();
      expect(whyIgnored(decide(declined.state, bounced(mail(0), 'soft'), about))).toBe('no-further-mails');
    }
  });

  it('When nothing of its mails is told, then nothing is awaited', () => {
    const late: Input[] = [fired, accepted(mail(0)), accepted(mail(2)), keeps('held')];
    const repairs: Input[] = [{ kind: 'outcome-overdue' }, { kind: 'timer-lost' }];
    for (const input of [...late, ...repairs]) {
      expect(whyIgnored(decide(completed, input, about))).toMatch(/^no-(timer|outcome)-awaited$/);
    }
  });
});

test('When the reminder of a completed workflow comes back softly, then only it is sent again, and the third changes nothing', () => {
  const about = given(ASKS_TWICE);
  const completed = after([fired, accepted(mail(0)), fired, accepted(mail(2))], ENROLLED, about);
  const again = progress(completed, bounced(mail(2), 'soft'), about);
  expect(again).toMatchObject({ timer: later(DAY_MS), state: { state: 'waiting', step: 2, optInMail: mail(0) } });
  expect(progress(again.state, fired, about).messages[0]?.data).toMatchObject({ emailId: mail(2, 2) });
  const third = [fired, accepted(mail(2, 2)), bounced(mail(2, 2), 'soft'), fired, accepted(mail(2, 3))];
  const over = after(third, again.state, about);
  expect(over).toMatchObject({ state: 'ended', reason: 'completed' });
  expect(whyIgnored(decide(over, bounced(mail(2, 3), 'soft'), about))).toBe('no-further-mails');
});

describe('Any history', () => {
  const ids = [mail(0), mail(2), mail(0, 2), mail(2, 2), mail(0, 3), 'foreign'];
  const emailId = fc.constantFrom(...ids);
  const anInput: fc.Arbitrary<Input> = fc.oneof(
    { weight: 5, arbitrary: fc.constant(fired) },
    { weight: 5, arbitrary: emailId.map((id) => accepted(id)) },
    emailId.map((id): Input => ({ kind: 'email-rejected', emailId: id, permanent: true })),
    fc.tuple(emailId, fc.constantFrom('hard', 'soft', 'complaint')).map(([id, kind]) => bounced(id, kind as 'hard')),
    fc
      .constantFrom(...NOT_SENT_REASONS)
      .map((reason): Input => ({ kind: 'opt-in-not-sent', emailId: mail(0), reason })),
    fc.constantFrom(...DECLINE_REASONS).map(keeps),
    fc.constantFrom<Input>(declines, { kind: 'contact-opted-in' }, { kind: 'outcome-overdue' }, { kind: 'timer-lost' }),
    fc.constant<Input>({ kind: 'ask-anew', workflows: new Set(['workflow']) }),
  );

  it('When anything happens in any order, then exactly one thing is waited for, or it is over', () => {
    fc.assert(
      fc.property(fc.constantFrom(...WORKFLOWS), fc.array(anInput, { maxLength: 60 }), (steps, inputs) => {
        let state = ENROLLED;
        let timer: Date | null = NOW;
        for (const input of inputs) {
          if (input.kind === 'timer-fired' && timer === null) continue;
          if (input.kind === 'timer-lost' && timer !== null) continue;
          // What the claim does: a fired timer is gone.
          if (input.kind === 'timer-fired') timer = null;
          const decision = decide(state, input, given(steps));
          if ('ignored' in decision) continue;
          state = decision.state;
          if (decision.timer !== undefined) timer = decision.timer;
          const underWay = ['waiting', 'declined', 'expunging'].includes(state.state);
          expect([timer !== null, state.askedAt !== undefined]).toEqual(
            underWay ? [state.askedAt === undefined, state.askedAt !== undefined] : [false, false],
          );
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('When anything happens, then a removal is asked for only if that mail was accepted and did not come back since', () => {
    fc.assert(
      fc.property(fc.array(anInput, { maxLength: 60 }), (inputs) => {
        let state = ENROLLED;
        const good = new Set<string>();
        for (const input of inputs) {
          const decision = decide(state, input, given());
          if (input.kind === 'email-accepted' && !('ignored' in decision)) good.add(input.emailId);
          if (input.kind === 'email-bounced' && input.bounce !== 'complaint' && !('ignored' in decision))
            good.delete(input.emailId);
          if ('ignored' in decision) continue;
          state = decision.state;
          for (const { message, data } of decision.messages) {
            if (message.type === 'ExpungeContact')
              expect(good).toContain((data as unknown as { emailId: string }).emailId);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('Who has another address', () => {
  const anew: Input = { kind: 'ask-anew', workflows: new Set() };
  const second = (state: EnrolmentState): EnrolmentState => after([anew, fired], state);

  it.each([
    ['waits for an outcome', asked],
    ['waits for an answer', inFirstWait],
    ['was reminded', reminded],
    ['is to be removed', expunging],
    ['was not removed', after([keeps('not-asked')], expunging)],
    ['could not be reached', after([bounced(mail(0), 'hard')], inFirstWait)],
    ['was without an address', after([{ kind: 'opt-in-not-sent', emailId: mail(0), reason: 'no-address' }], asked)],
  ])('When it %s, then it is asked anew at once, by another mail with a clock of its own', (_, state) => {
    expect(progress(state, anew)).toMatchObject({ messages: [], timer: NOW });
    const again = progress(after([anew], state), fired);
    expect(again.messages[0]?.data).toMatchObject({ emailId: mail(0, 2), template: 'opt-in', graceSeconds: 30 * DAY });
    const waits = progress(again.state, accepted(mail(0, 2), later(DAY_MS)));
    expect(waits).toMatchObject({ timer: later(22 * DAY_MS), state: { state: 'waiting', acceptedAt: later(DAY_MS) } });
  });

  it('When mails of before are heard of, then they count for nothing', () => {
    const state = second(inFirstWait);
    for (const late of [accepted(mail(0)), bounced(mail(0), 'hard'), bounced(mail(0), 'soft')]) {
      expect(whyIgnored(decide(state, late, given()))).toBe('other-mail');
    }
    const refused: Input = { kind: 'email-rejected', emailId: mail(0), permanent: true };
    expect(whyIgnored(decide(state, refused, given()))).toBe('other-mail');
  });

  it('When its mails come back for now, then it has as many tries as the first address', () => {
    const worn = after([fired, accepted(mail(0)), bounced(mail(0), 'soft'), fired, bounced(mail(0, 2), 'soft')]);
    const state = second(worn);
    const tries = [bounced(mail(0, 4), 'soft'), fired, bounced(mail(0, 5), 'soft'), fired];
    expect(after(tries, state)).toMatchObject({ state: 'waiting', attempt: 6 });
    expect(after([...tries, bounced(mail(0, 6), 'soft')], state)).toMatchObject({ state: 'undeliverable' });
  });

  it('When it has not been asked yet, or it is over, then nothing changes; who has declined is asked no more', () => {
    expect(whyIgnored(decide(ENROLLED, anew, given()))).toBe('not-asked-yet');
    expect(whyIgnored(decide(after([{ kind: 'enrolment-stopped' }], asked), anew, given()))).toBe('already-over');
    const declined = after([declines, anew], inFirstWait);
    expect(progress(declined, fired)).toMatchObject({
      messages: [],
      state: { state: 'undeliverable', reason: 'declined' },
    });
  });
});
