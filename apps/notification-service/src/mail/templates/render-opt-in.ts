import { Eta } from 'eta';
import type { OptInMail } from '#contracts';
import { toHeaderText, toOneLine } from '../header-text.js';
import type { MailWords } from './mail-words.js';
import { HTML, TEXT } from './opt-in-layout.js';
import { promisedTime } from './promised-time.js';
import type { RenderedMail } from './render-confirmation.js';
import { webAddress } from './web-address.js';

export interface OptInFacts {
  readonly purpose: OptInMail;
  readonly company: { readonly name: string; readonly privacyContact: string };
  /** An http or https address; anything else is left out. */
  readonly linkUrl: string;
  /** Time from the acceptance of this mail until whoever has not opted in is removed; 0: nobody is. */
  readonly graceSeconds: number;
}

const forHtml = new Eta({ autoEscape: true });
const forText = new Eta({ autoEscape: false });
forHtml.loadTemplate('@opt-in', HTML);
forText.loadTemplate('@opt-in', TEXT);

/** The words of the mail that asks to opt in: who asks, why this person, and what saying yes, no or nothing leads to. */
export function renderOptIn({ language, direction, optIn: words }: MailWords, facts: OptInFacts): RenderedMail {
  const name = toHeaderText(facts.company.name);
  const again = facts.purpose === 'opt-in-reminder';
  const removes = facts.graceSeconds > 0;
  const view = {
    language,
    direction,
    words,
    heading: words.heading(name),
    reminder: again ? words.reminder : '',
    opening: words.opening(name),
    linkUrl: webAddress(facts.linkUrl) ?? '',
    silence: removes ? words.silence(promisedTime(language, facts.graceSeconds)) : words.noRemoval,
    decline: removes ? words.decline : words.declineOnly,
    privacyContact: toOneLine(facts.company.privacyContact),
  };
  return {
    subject: again ? words.reminderSubject(name) : words.subject(name),
    text: forText.render('@opt-in', view),
    html: forHtml.render('@opt-in', view),
  };
}
