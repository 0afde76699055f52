import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Judged } from '../expunge/judge.js';
import type { Answer } from './answer.decision.js';
import { consentText, type ConsentText, findText, ONE_CLICK_TEXT } from './consent-text.js';
import { type Asked, chooseLanguage } from './choose-language.js';
import { decideConsent } from './form.decision.js';
import type { FormView } from './form-view.js';
import { LookAtForm } from './look-at-form.js';
import { RecordConsent } from './record-consent.js';
import { underLock } from './under-lock.js';

export type ConsentAnswer = Extract<Answer, { decision: 'opt-in' | 'decline' }>;

/** What the page says to an answer, beside the state it shows. */
export interface Answered {
  readonly view: FormView;
  readonly notice?: 'too-late' | 'text-changed';
}

/** A person opts in, declines, or withdraws. The same answer again changes nothing and adds no second record. */
@Injectable()
export class GiveConsent {
  constructor(
    private readonly db: DataSource,
    private readonly lookAtForm: LookAtForm,
    private readonly recordConsent: RecordConsent,
  ) {}

  async execute(token: string, answer: ConsentAnswer, asked: Asked): Promise<Answered> {
    const answered = await underLock(this.db, token, (tx, judged) => this.answer(tx, { token, judged, answer, asked }));
    return answered ?? { view: { page: 'unknown' } };
  }

  private async answer(tx: EntityManager, given: Given): Promise<Answered | undefined> {
    const { token, judged, answer } = given;
    const { contact } = judged;
    const looked = await this.lookAtForm.execute(tx, token, judged);
    if (!looked) return undefined;
    const { state, view, ask } = looked;
    const decision = answer.decision === 'opt-in' ? 'opted-in' : 'declined';
    const decided = decideConsent(state, contact.consent, { decision, how: answer.how });
    if (decided === 'too-late') return { view, notice: decided };
    if (decided === 'show') return { view };
    const text = wordsShown(given);
    if (!text) return { view, notice: 'text-changed' };
    const consentAt = await this.recordConsent.execute(tx, contact, {
      ...answer,
      decision,
      text,
      emailId: ask.emailId,
    });
    const after = { ...judged, contact: Object.assign(contact, { consent: decision, consentAt }) };
    return this.lookAtForm.execute(tx, token, after);
  }
}

interface Given {
  readonly token: string;
  readonly judged: Judged;
  readonly answer: ConsentAnswer;
  readonly asked: Asked;
}

/**
 * A yes counts only for words that are known to have been read. A no is never refused for its words: where they are not
 * known it is kept with those of today.
 */
function wordsShown({ judged: { tenant, contact }, answer, asked }: Given): ConsentText | undefined {
  if (answer.how === 'one-click') return ONE_CLICK_TEXT;
  const hash = answer.shown ?? '';
  if (answer.decision === 'opt-in') return findText(['opt-in'], hash, tenant.name);
  const language = chooseLanguage(asked, { contactLanguage: contact.language, tenantLanguages: tenant.languages });
  const kind = contact.consent === 'opted-in' ? 'withdraw' : 'decline';
  return findText(['decline', 'withdraw'], hash, tenant.name) ?? consentText(kind, language, tenant.name);
}
