import { Eta } from 'eta';
import { renderPage } from '#service';
import type { AnswerProblem } from './answer.decision.js';
import { consentText, fill, isolated } from './consent-text.js';
import { TEXTS } from './form-texts.js';
import { type FormTexts, type Language, LANGUAGES } from './form-words.js';
import { TEMPLATES } from './form-templates.js';
import type { FormView, RemovalAct } from './form-view.js';

export type Notice = AnswerProblem | 'text-changed' | 'too-late';

export interface FormPage {
  readonly view: FormView;
  readonly language: Language;
  /** The second page, on which a removal is confirmed. */
  readonly removing: boolean;
  readonly notice?: Notice;
}

const eta = new Eta({ autoEscape: true, cache: true });
for (const [name, template] of Object.entries(TEMPLATES)) eta.loadTemplate(name, template);

/** The form, or what has become of it. Everything but our own markup is escaped by the template engine. */
export function formPage(page: FormPage): string {
  const { view, language, notice } = page;
  const texts = TEXTS[language];
  const company = 'company' in view ? view.company : '';
  const removing = page.removing ? removalOffered(view) : undefined;
  const key = titleOf(view);
  const title = fill(removing ? texts.removal[removing].title : texts.title[key], company);
  const error = notice !== undefined && notice !== 'too-late' ? notice : undefined;
  const parts = { ...page, t: texts, key, removing, error, languages: languagesBut(language, removing), company };
  const body = eta.render(removing ? '@remove' : bodyOf(view), { ...parts, ...formatting(language, company) });
  const documentTitle = error ? `${texts.error.prefix}${title}` : title;
  return renderPage({ language, title, documentTitle, body: body + eta.render('@languages', parts) });
}

const bodyOf = ({ page }: FormView): string => (page === 'open' ? '@open' : '@state');

function titleOf(view: FormView): keyof FormTexts['title'] {
  return view.page === 'open' ? view.consent : view.page;
}

/** What the second page may offer; undefined where there is nothing to remove, or it is under way. */
function removalOffered(view: FormView): RemovalAct | undefined {
  if (view.page === 'open') return view.act;
  return view.page === 'disabled' && view.mayRemove ? 'expunge' : undefined;
}

function formatting(language: Language, company: string) {
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' });
  const day = (time: Date): string => format.format(time);
  return {
    day,
    isolated,
    w: (sentence: string): string => fill(sentence, company),
    dated: (sentence: string, time: Date): string => fill(sentence, company).replace('{date}', () => day(time)),
    hashOf: (kind: keyof FormTexts['consent']): string => consentText(kind, language, company).hash,
  };
}

/** Plain links, which change nothing but the words. */
const languagesBut = (language: Language, removing: RemovalAct | undefined) =>
  LANGUAGES.filter((other) => other !== language).map((other) => ({
    language: other,
    name: TEXTS[other].name,
    href: `?lang=${other}${removing ? '&page=remove' : ''}`,
  }));
