import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StoreEvidence } from '#contracts';
import type { ExpungeState, Input } from './expunge-state.process.js';
import { announce, awaitsCertificate, BUILT_IN_PARTICIPANTS, type Decision, decide, open } from './expunge.process.js';

const IDS = { tenantId: 'tenant', contactId: 'contact', expungeId: 'expunge' };
const AT = '2026-01-02T03:04:05.000Z';
const STORES: readonly StoreEvidence[] = [{ store: 'rows', erased: 1, remaining: 0 }];
const OPENING = {
  ...IDS,
  reason: 'account-deleted',
  requestedBy: 'candidate',
  requestedAt: AT,
  sealedRecipient: 'sealed',
} as const;

const opened = (extra: string[] = []): ExpungeState => open(OPENING, extra).state;
const erased = (participant: string, given: Partial<Extract<Input, { kind: 'erased' }>> = {}): Input => {
  const outcome = participant === 'contact-service' ? 'erased' : 'nothing_held';
  return { kind: 'erased', ...IDS, participant, outcome, stores: STORES, at: AT, now: AT, ...given };
};
const refused = (participant: string): Input => ({ kind: 'refused', ...IDS, participant, reason: 'locked', at: AT });
const askDue = (overdue = false): Input => ({ kind: 'ask-due', ...IDS, overdue });

/** Takes the state through the inputs; ignored ones leave it as it is. */
const after = (state: ExpungeState, inputs: readonly Input[]): ExpungeState =>
  inputs.reduce((now, input) => {
    const decision = decide(now, input);
    return 'ignored' in decision ? now : decision.state;
  }, state);
const whyIgnored = (decision: Decision): string | undefined => ('ignored' in decision ? decision.ignored : undefined);
const asked = (decision: { messages: readonly { data: object }[] }) => decision.messages.map(({ data }) => data);
const all = (extra: string[] = []): Input[] => [...BUILT_IN_PARTICIPANTS, ...extra].map((name) => erased(name));
const certified = (state: ExpungeState) =>
  announce(state, { certificateId: 'certificate', certificate: 'a.b.c', emailId: 'mail' });

describe('Completion', () => {
  it('When every participant has proved its part, in any order and however often, then the request is expunged once', () => {
    const acks = fc.shuffledSubarray([...all(['search']), ...all(['search']), ...all(['search'])], { minLength: 12 });
    fc.assert(
      fc.property(acks, (inputs) => {
        const decisions: Decision[] = [];
        const last = inputs.reduce(
          (state, input) => {
            const decision = decide(state, input);
            decisions.push(decision);
            return 'ignored' in decision ? state : decision.state;
          },
          opened(['search']),
        );
        expect(last.state).toBe('expunged');
        const completions = decisions.filter((decision) => 'state' in decision && awaitsCertificate(decision.state));
        expect(completions).toHaveLength(1);
      }),
    );
  });

  it('When any answers come in any order, then it is expunged exactly if every participant has proved its part', () => {
    const names = [...BUILT_IN_PARTICIPANTS, 'search'];
    const input = fc.oneof(
      fc.constantFrom(...names, 'stranger').map((name) => erased(name)),
      fc.constantFrom(...names, 'stranger').map(refused),
      fc.constantFrom(...names).map((name) => erased(name, { stores: [{ store: 'rows', erased: 1, remaining: 1 }] })),
      fc.constantFrom(...names).map((name) => erased(name, { stores: [] })),
      fc.boolean().map(askDue),
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 25 }), (inputs) => {
        const proved = names.every((name) =>
          inputs.some((one) => one.kind === 'erased' && one.participant === name && one.stores[0]?.remaining === 0),
        );
        expect(after(opened(['search']), inputs).state).toBe(proved ? 'expunged' : 'erasing');
      }),
      { numRuns: 500 },
    );
  });

  it.each([...BUILT_IN_PARTICIPANTS])(
    'When only %s is silent, then it stays open however often it is asked',
    (silent) => {
      const others = all().filter((input) => input.kind === 'erased' && input.participant !== silent);
      const state = after(opened(), [...others, ...Array.from({ length: 1000 }, () => askDue(true))]);
      expect(state).toMatchObject({ state: 'erasing', overdue: true, askedTimes: 1001 });
    },
  );

  it.each([...BUILT_IN_PARTICIPANTS])('When %s refuses, first or last, then the request stays open', (name) => {
    const others = all().filter((input) => input.kind === 'erased' && input.participant !== name);
    for (const inputs of [
      [refused(name), ...others],
      [...others, refused(name)],
    ]) {
      const state = after(opened(), inputs);
      expect(state.state).toBe('erasing');
      expect(state.participants.find((one) => one.name === name)?.refusal?.reason).toBe('locked');
    }
  });

  it('When one that refused erases later, then the refusal is cleared and the request completes', () => {
    const state = after(opened(), [refused('workflow-service'), ...all()]);
    expect(state.state).toBe('expunged');
    expect(state.participants.some(({ refusal }) => refusal)).toBe(false);
  });

  it.each([
    ['names no store', { stores: [] }],
    ['has rows left', { stores: [...STORES, { store: 'notes', erased: 4, remaining: 1 }] }],
  ])('When an answer %s, then it proves nothing', (_, given) => {
    const state = after(opened(), all().slice(1));
    const answer = erased('contact-service', given);
    expect(whyIgnored(decide(state, answer))).toBe('proves-nothing');
    expect(after(state, [answer]).state).toBe('erasing');
  });

  it('When contact-service says it held nothing, then that is shown as a refusal and it is asked again', () => {
    const state = after(opened(), [...all().slice(1), erased('contact-service', { outcome: 'nothing_held' })]);
    expect(state.state).toBe('erasing');
    expect(state.participants[0]?.refusal?.reason).toBe('nothing-held-by-owner');
    const again = decide(state, askDue());
    expect('messages' in again && asked(again)).toEqual([{ ...IDS, participants: ['contact-service'] }]);
  });

  it.each([...BUILT_IN_PARTICIPANTS])(
    'When the stored list lacks %s, then it never completes and that one is asked',
    (name) => {
      const whole = opened();
      const state = { ...whole, participants: whole.participants.filter((one) => one.name !== name) };
      const answered = after(state, all());
      expect(answered.state).toBe('erasing');
      const again = decide(answered, askDue());
      expect('messages' in again && asked(again)).toEqual([{ ...IDS, participants: [name] }]);
    },
  );

  it('When the stored list is empty, then it never completes', () => {
    expect(after({ ...opened(), participants: [] }, all()).state).toBe('erasing');
  });
});

describe('Guards', () => {
  it('When a participant is not on the list of the request, then its answers are ignored', () => {
    expect(whyIgnored(decide(opened(), erased('stranger')))).toBe('unknown-participant');
    expect(whyIgnored(decide(opened(), refused('stranger')))).toBe('unknown-participant');
  });

  it('When an answer is about another request, contact or tenant, then it is ignored', () => {
    for (const field of ['expungeId', 'contactId', 'tenantId']) {
      expect(whyIgnored(decide(opened(), { ...erased('contact-service'), [field]: 'other' }))).toBe('wrong-request');
    }
  });

  it('When a participant answers twice, then the first evidence stays', () => {
    const state = after(opened(), [erased('workflow-service')]);
    expect(whyIgnored(decide(state, erased('workflow-service', { outcome: 'erased' })))).toBe('duplicate');
  });

  it('When a participant refuses after it has erased, then the refusal is ignored', () => {
    const state = after(opened(), [erased('workflow-service')]);
    expect(whyIgnored(decide(state, refused('workflow-service')))).toBe('already-erased');
  });

  it('When answers or timers come after completion, then they are ignored', () => {
    const state = after(opened(), all());
    for (const input of [erased('workflow-service'), refused('workflow-service'), askDue()]) {
      expect(whyIgnored(decide(state, input))).toBe('already-finished');
    }
  });
});

describe('Asking', () => {
  it('When a request opens, then the built-in participants and the configured ones are asked, each once', () => {
    const { state, messages } = open(OPENING, ['search', 'contact-service']);
    expect(asked({ messages })).toEqual([{ ...IDS, participants: [...BUILT_IN_PARTICIPANTS, 'search'] }]);
    expect(state).toMatchObject({ state: 'erasing', askedTimes: 1, overdue: false });
  });

  it('When the time to ask again has come, then only the silent and the refusing are asked', () => {
    const state = after(opened(['search']), [erased('contact-service'), refused('search')]);
    const again = decide(state, askDue());
    expect('messages' in again && asked(again)).toEqual([
      { ...IDS, participants: ['workflow-service', 'notification-service', 'search'] },
    ]);
  });
});

describe('Telling', () => {
  it('When the certificate is signed, then the world is told and the person is written to with it', () => {
    const { state, messages } = certified(after(opened(), all()));
    expect(messages.map((one) => one.message.type)).toEqual(['ContactExpunged', 'SendEmail']);
    expect(messages[1]?.data).toMatchObject({
      sealed: 'sealed',
      attachments: [{ filename: 'certificate.jws', contentType: 'application/jose', content: 'a.b.c' }],
    });
    expect(awaitsCertificate(state)).toBe(false);
  });

  it('When there is no recipient, then nobody is written to and the request stays expunged', () => {
    const { sealedRecipient: _, ...opening } = OPENING;
    const { state, messages } = certified(after(open(opening, []).state, all()));
    expect(messages.map((one) => one.message.type)).toEqual(['ContactExpunged']);
    expect(state).toMatchObject({ state: 'expunged', certificateId: 'certificate' });
    expect(state.emailId).toBeUndefined();
  });

  it('When the mail is accepted, then the request is confirmed and the sealed recipient gone', () => {
    const { state } = certified(after(opened(), all()));
    const mail = { kind: 'email-accepted', ...IDS, emailId: 'mail', at: AT } as const;
    const confirmed = after(state, [mail]);
    expect(confirmed).toMatchObject({ state: 'confirmed', confirmedAt: AT, sealedRecipient: undefined });
    expect(whyIgnored(decide(confirmed, mail))).toBe('already-finished');
    expect(whyIgnored(decide(state, { ...mail, emailId: 'other' }))).toBe('other-mail');
    expect(whyIgnored(decide(opened(), mail))).toBe('other-mail');
  });

  it('When the mail is refused, then only for good it counts: still expunged, shown as failed, sealed recipient gone', () => {
    const { state } = certified(after(opened(), all()));
    const mail = { kind: 'email-rejected', ...IDS, emailId: 'mail', permanent: true } as const;
    expect(after(state, [mail])).toMatchObject({
      state: 'expunged',
      confirmationFailed: true,
      sealedRecipient: undefined,
    });
    expect(whyIgnored(decide(state, { ...mail, permanent: false }))).toBe('mail-is-tried-again');
    expect(whyIgnored(decide(state, { ...mail, emailId: 'other' }))).toBe('other-mail');
    expect(whyIgnored(decide(after(state, [mail]), mail))).toBe('already-finished');
  });

  const overdue = { kind: 'confirmation-overdue', ...IDS } as const;
  const accepted = { kind: 'email-accepted', ...IDS, emailId: 'mail', at: AT } as const;

  it('When nobody says what became of the mail, then it is shown as failed and the sealed recipient is gone', () => {
    const { state } = certified(after(opened(), all()));
    const givenUp = after(state, [overdue]);
    expect(givenUp).toMatchObject({ state: 'expunged', confirmationFailed: true, sealedRecipient: undefined });
    expect(whyIgnored(decide(givenUp, overdue))).toBe('already-finished');
    expect(after(givenUp, [accepted])).toMatchObject({ state: 'confirmed', confirmationFailed: false });
    expect(whyIgnored(decide(after(state, [accepted]), overdue))).toBe('already-finished');
  });

  it('When no mail is under way, then there is nothing to give up: no time limit ends an erasing', () => {
    const { sealedRecipient: _, ...opening } = OPENING;
    const silent = certified(after(open(opening, []).state, all())).state;
    for (const state of [opened(), silent]) expect(whyIgnored(decide(state, overdue))).toBe('no-mail-under-way');
  });
});
