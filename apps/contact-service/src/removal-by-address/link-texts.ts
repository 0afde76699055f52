import { REMOVAL_LINK_VALID_HOURS } from '#contracts';
import type { LinkView } from './link-view.js';

export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

export interface LinkTexts {
  readonly title: Record<LinkView['page'], string>;
  readonly summary: Record<Exclude<LinkView['page'], 'offer'>, string>;
  readonly company: string;
  readonly contact: string;
  readonly heldSince: string;
  readonly whatHappens: string;
  readonly will: Record<'expunge' | 'disable', readonly string[]>;
  readonly button: Record<'expunge' | 'disable', string>;
  readonly otherwise: string;
  readonly status: string;
  readonly otherLanguage: string;
}

export const TEXTS: Record<Language, LinkTexts> = {
  en: {
    title: {
      offer: 'Have your data removed?',
      expunging: 'Your data is being removed',
      waiting: 'Your request is accepted',
      disabled: 'Your data is not used any more',
      expired: 'This link has expired',
      void: 'This link is not valid any more',
      unknown: 'Nothing here',
    },
    summary: {
      expunging:
        'Every system that holds data about you deletes it. You receive a confirmation by email when all have finished.',
      waiting:
        'The removal has not begun yet; it begins as soon as possible, and nobody has to ask again. Until then your data is not used.',
      disabled: 'The company has put your data out of use. It is hidden and nobody writes to you.',
      expired: `Nothing was changed. Links are valid for ${REMOVAL_LINK_VALID_HOURS} hours; please ask for a new one where you asked for this one.`,
      void: 'Nothing was changed now. The link was used before, or your data has changed since it was sent. If you want your data removed, please ask for a new link.',
      unknown:
        'There is nothing at this address. Please check that it is complete. If you have used the link before, your data may have been removed already.',
    },
    company: 'Company',
    contact: 'Questions about data protection',
    heldSince: 'Holds data about you since',
    whatHappens: 'What happens when you press the button',
    will: {
      expunge: [
        'This record of you as an applicant or contact is deleted for good, in every system of the company. If it holds another one under your address, there is a mail with a link for that one too.',
        'It cannot be undone. You receive a signed confirmation by email.',
      ],
      disable: ['Your data is put out of use: it is hidden, and nobody writes to you. It is not deleted.'],
    },
    button: { expunge: 'Remove my data for good', disable: 'Put my data out of use' },
    otherwise: 'If you do not want this, close the page. Nothing is changed then.',
    status: 'See how far it is',
    otherLanguage: 'Deutsch',
  },
  de: {
    title: {
      offer: 'Ihre Daten löschen lassen?',
      expunging: 'Ihre Daten werden gelöscht',
      waiting: 'Ihr Antrag ist angenommen',
      disabled: 'Ihre Daten werden nicht mehr verwendet',
      expired: 'Dieser Link ist abgelaufen',
      void: 'Dieser Link gilt nicht mehr',
      unknown: 'Hier ist nichts',
    },
    summary: {
      expunging:
        'Jedes System, das Daten über Sie hat, löscht sie. Wenn alle fertig sind, erhalten Sie eine Bestätigung per E-Mail.',
      waiting:
        'Die Löschung hat noch nicht begonnen; sie beginnt so bald wie möglich, ohne dass jemand noch einmal fragen muss. Bis dahin werden Ihre Daten nicht verwendet.',
      disabled: 'Das Unternehmen verwendet Ihre Daten nicht mehr. Sie sind verborgen, und niemand schreibt Ihnen.',
      expired: `Es wurde nichts geändert. Links gelten ${REMOVAL_LINK_VALID_HOURS} Stunden; bitte fordern Sie dort, wo Sie diesen angefordert haben, einen neuen an.`,
      void: 'Es wurde jetzt nichts geändert. Der Link wurde schon benutzt, oder Ihre Daten haben sich geändert, seit er verschickt wurde. Wenn Ihre Daten gelöscht werden sollen, fordern Sie bitte einen neuen Link an.',
      unknown:
        'Unter dieser Adresse gibt es nichts. Bitte prüfen Sie, ob sie vollständig ist. Wenn Sie den Link schon benutzt haben, sind Ihre Daten vielleicht bereits gelöscht.',
    },
    company: 'Unternehmen',
    contact: 'Fragen zum Datenschutz',
    heldSince: 'Hat Daten über Sie seit',
    whatHappens: 'Was geschieht, wenn Sie auf die Schaltfläche drücken',
    will: {
      expunge: [
        'Dieser Eintrag über Sie als Bewerberin, Bewerber oder Kontakt wird in jedem System des Unternehmens endgültig gelöscht. Gibt es unter Ihrer Adresse einen weiteren, so haben Sie auch für ihn eine E-Mail mit einem Link.',
        'Das lässt sich nicht rückgängig machen. Sie erhalten eine signierte Bestätigung per E-Mail.',
      ],
      disable: [
        'Ihre Daten werden nicht mehr verwendet: sie werden verborgen, und niemand schreibt Ihnen. Sie werden nicht gelöscht.',
      ],
    },
    button: { expunge: 'Meine Daten endgültig löschen', disable: 'Meine Daten nicht mehr verwenden' },
    otherwise: 'Wenn Sie das nicht möchten, schließen Sie die Seite. Dann wird nichts geändert.',
    status: 'Sehen, wie weit es ist',
    otherLanguage: 'English',
  },
};
