import { Eta } from 'eta';
import { REMOVAL_LINK_VALID_HOURS } from '#contracts';
import { toHeaderText, toOneLine } from '../header-text.js';
import type { MailWords } from './mail-words.js';
import { HTML, TEXT } from './removal-link-layout.js';
import type { RenderedMail } from './render-confirmation.js';
import { webAddress } from './web-address.js';

export interface RemovalLinkFacts {
  readonly company: { readonly name: string; readonly privacyContact: string };
  /** An http or https address; anything else is left out. */
  readonly linkUrl: string;
}

const forHtml = new Eta({ autoEscape: true });
const forText = new Eta({ autoEscape: false });
forHtml.loadTemplate('@removal-link', HTML);
forText.loadTemplate('@removal-link', TEXT);

/** The words of the mail that asks the holder of an address to confirm a removal: whose it is, and how long it can be. */
export function renderRemovalLink(
  { language, direction, removalLink: words }: MailWords,
  facts: RemovalLinkFacts,
): RenderedMail {
  const name = toHeaderText(facts.company.name);
  const view = {
    language,
    direction,
    words,
    opening: words.opening(name),
    linkUrl: webAddress(facts.linkUrl) ?? '',
    validity: words.validity(REMOVAL_LINK_VALID_HOURS),
    privacyContact: toOneLine(facts.company.privacyContact),
  };
  return {
    subject: words.subject(name),
    text: forText.render('@removal-link', view),
    html: forHtml.render('@removal-link', view),
  };
}
