import type { ParticipantStatus, RemovalStatus } from './removal-status.js';

export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

export interface StatusTexts {
  readonly title: string;
  readonly summary: Record<RemovalStatus['state'], string>;
  readonly company: string;
  readonly contact: string;
  readonly requested: string;
  readonly steps: string;
  readonly systems: Readonly<Record<string, string>>;
  readonly participant: Record<ParticipantStatus['state'], string>;
  readonly certificate: string;
  readonly certificateWaits: string;
  readonly download: string;
  readonly mail: string;
  readonly confirmation: Record<RemovalStatus['confirmation'], string>;
  readonly refreshes: string;
  readonly stopRefreshing: string;
  readonly otherLanguage: string;
  readonly notFoundTitle: string;
  readonly notFound: string;
}

export const TEXTS: Record<Language, StatusTexts> = {
  en: {
    title: 'Removal of your data',
    summary: {
      waiting: 'Your request was received and will be carried out. It waits for a check before the removal begins.',
      erasing: 'Your data is being removed. It is not complete yet.',
      expunged: 'Your data has been removed from every system listed here.',
      confirmed: 'Your data has been removed from every system listed here, and the confirmation was sent.',
    },
    company: 'Company',
    contact: 'Questions about data protection',
    requested: 'Removal requested',
    steps: 'Steps',
    systems: {
      'contact-service': 'Contact record (profile and notes)',
      'workflow-service': 'Automatic workflows',
      'notification-service': 'Email sending',
    },
    participant: {
      waiting: 'not finished yet',
      refused: 'not removed yet: this system may not delete at the moment and is asked again regularly',
      erased: 'removed and checked',
      nothing_held: 'checked: it holds nothing about you',
    },
    certificate: 'Certificate',
    certificateWaits: 'follows when every system has finished',
    download: 'Download the signed certificate',
    mail: 'Confirmation email',
    confirmation: {
      'not-yet': 'follows when every system has finished',
      'nothing-to-send': 'there is no address to write to; please keep the certificate from this page',
      waiting: 'is being sent',
      accepted: 'accepted by the mail server',
      failed:
        'could not be delivered, or nothing is known about its delivery; please keep the certificate from this page',
    },
    refreshes: 'This page looks for news every 15 seconds.',
    stopRefreshing: 'Stop that',
    otherLanguage: 'Deutsch',
    notFoundTitle: 'Nothing here',
    notFound:
      'There is nothing at this address. If the removal was requested only a moment ago, it appears here shortly. ' +
      'Otherwise please check that the address is complete.',
  },
  de: {
    title: 'Löschung Ihrer Daten',
    summary: {
      waiting:
        'Ihr Antrag ist eingegangen und wird ausgeführt. Vor dem Beginn der Löschung steht noch eine Prüfung aus.',
      erasing: 'Ihre Daten werden gelöscht. Die Löschung ist noch nicht vollständig.',
      expunged: 'Ihre Daten sind in allen hier genannten Systemen gelöscht.',
      confirmed: 'Ihre Daten sind in allen hier genannten Systemen gelöscht, und die Bestätigung wurde verschickt.',
    },
    company: 'Unternehmen',
    contact: 'Fragen zum Datenschutz',
    requested: 'Löschung beantragt',
    steps: 'Schritte',
    systems: {
      'contact-service': 'Kontaktdaten (Profil und Notizen)',
      'workflow-service': 'Automatische Abläufe',
      'notification-service': 'E-Mail-Versand',
    },
    participant: {
      waiting: 'noch nicht fertig',
      refused: 'noch nicht gelöscht: dieses System darf zurzeit nicht löschen und wird regelmäßig wieder gefragt',
      erased: 'gelöscht und nachgezählt',
      nothing_held: 'geprüft: hier ist nichts über Sie gespeichert',
    },
    certificate: 'Zertifikat',
    certificateWaits: 'folgt, wenn alle Systeme fertig sind',
    download: 'Signiertes Zertifikat herunterladen',
    mail: 'Bestätigung per E-Mail',
    confirmation: {
      'not-yet': 'folgt, wenn alle Systeme fertig sind',
      'nothing-to-send':
        'es gibt keine Adresse, an die wir schreiben könnten; bitte bewahren Sie das Zertifikat von dieser Seite auf',
      waiting: 'wird verschickt',
      accepted: 'vom Mailserver angenommen',
      failed:
        'konnte nicht zugestellt werden, oder über die Zustellung ist nichts bekannt; bitte bewahren Sie das Zertifikat von dieser Seite auf',
    },
    refreshes: 'Diese Seite sieht alle 15 Sekunden nach Neuigkeiten.',
    stopRefreshing: 'Damit aufhören',
    otherLanguage: 'English',
    notFoundTitle: 'Hier ist nichts',
    notFound:
      'Unter dieser Adresse gibt es nichts. Wenn die Löschung gerade erst beantragt wurde, erscheint sie hier in Kürze. ' +
      'Sonst prüfen Sie bitte, ob die Adresse vollständig ist.',
  },
};
