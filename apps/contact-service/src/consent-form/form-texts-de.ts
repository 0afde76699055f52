import type { FormTexts } from './form-words.js';

export const GERMAN: FormTexts = {
  title: {
    none: 'Darf {company} Ihre Daten behalten?',
    'opted-in': 'Sie haben zugestimmt',
    declined: 'Sie haben abgelehnt',
    withdrawn: 'Sie haben Ihre Einwilligung widerrufen',
    expunging: 'Ihre Daten werden gelöscht',
    waiting: 'Die Löschung Ihrer Daten ist angenommen',
    disabled: 'Ihre Daten werden nicht mehr verwendet',
    expired: 'Dieser Link ist abgelaufen',
    void: 'Dieser Link gilt nicht mehr',
    unknown: 'Hier ist nichts',
  },
  summary: {
    none: '{company} hat Daten über Sie als mögliche Kandidatin oder möglichen Kandidaten. Sie haben sich nicht selbst angemeldet: das Unternehmen hat Sie aufgenommen.',
    'opted-in': 'Sie haben zugestimmt, dass {company} Ihre Daten behält und Ihnen über Stellen schreibt.',
    declined: 'Sie erhalten keine weiteren E-Mails von {company}, die Sie um Ihre Zustimmung bitten.',
    withdrawn:
      '{company} darf Ihnen nicht mehr über Stellen schreiben. Ihre Daten sind noch da; sie werden nicht von selbst gelöscht.',
    expunging:
      'Jedes System, das Daten über Sie hat, löscht sie. Wenn alle fertig sind, erhalten Sie eine Bestätigung per E-Mail.',
    waiting:
      'Die Löschung hat noch nicht begonnen; sie beginnt so bald wie möglich, ohne dass jemand noch einmal fragen muss. Bis dahin werden Ihre Daten nicht verwendet.',
    disabled:
      '{company} verwendet Ihre Daten nicht mehr. Sie sind verborgen, und niemand schreibt Ihnen. Sie sind nicht gelöscht.',
    expired: 'Es wurde nichts geändert. Zu allem, was Ihre Daten betrifft, schreiben Sie bitte an den Datenschutz.',
    void: 'Es wurde nichts geändert. Die Adresse, an die dieser Link ging, gehört nicht mehr zu diesen Daten.',
    unknown:
      'Unter dieser Adresse gibt es nichts. Bitte prüfen Sie, ob sie vollständig ist. War sie es, dann sind Ihre Daten vielleicht bereits gelöscht.',
  },
  consent: {
    'opt-in': {
      heading: 'Wenn Sie zustimmen',
      means: [
        '{company} behält Ihre Daten und darf Ihnen über Stellen schreiben.',
        'Sie können das zurücknehmen: mit diesem Link, solange er gilt, und jederzeit über den Kontakt zum Datenschutz. Was vorher geschah, bleibt rechtmäßig.',
      ],
      box: 'Ich stimme zu, dass {company} meine Daten behält und mir über Stellen schreibt.',
      button: 'Zustimmen',
    },
    decline: {
      heading: 'Wenn Sie ablehnen',
      means: ['Sie erhalten keine weiteren E-Mails von {company}, die Sie um Ihre Zustimmung bitten.'],
      button: 'Ablehnen',
    },
    withdraw: {
      heading: 'Wenn Sie es sich anders überlegen',
      means: [
        'Sie können Ihre Einwilligung widerrufen. {company} darf Ihnen dann nicht mehr über Stellen schreiben.',
        'Ihre Daten werden dadurch nicht gelöscht, weder jetzt noch später von selbst. Was Sie sonst tun können, steht unten.',
      ],
      button: 'Einwilligung widerrufen',
    },
  },
  removal: {
    expunge: {
      title: 'Ihre Daten löschen lassen?',
      link: 'Meine Daten jetzt löschen lassen',
      heading: 'Wenn Ihre Daten jetzt gelöscht werden sollen',
      means: [
        'Alles, was {company} über Sie als Bewerberin, Bewerber oder Kontakt hat, wird in jedem System endgültig gelöscht.',
        'Das lässt sich nicht rückgängig machen. Sie erhalten eine signierte Bestätigung per E-Mail.',
      ],
      box: 'Ja, meine Daten endgültig löschen. Ich weiß, dass sich das nicht rückgängig machen lässt.',
      button: 'Meine Daten endgültig löschen',
    },
    disable: {
      title: 'Ihre Daten nicht mehr verwenden lassen?',
      link: 'Meine Daten nicht mehr verwenden lassen',
      heading: 'Wenn Ihre Daten nicht mehr verwendet werden sollen',
      means: [
        '{company} verwendet Ihre Daten nicht mehr: sie werden verborgen, und niemand schreibt Ihnen.',
        'Sie werden nicht gelöscht: das endgültige Löschen ist für dieses Unternehmen nicht eingeschaltet. Wenn Sie es wünschen, schreiben Sie an den Datenschutz.',
      ],
      box: 'Ja, meine Daten nicht mehr verwenden.',
      button: 'Meine Daten nicht mehr verwenden',
    },
  },
  ends: {
    date: 'Wenn Sie bis zum {date} nicht zugestimmt haben, werden Ihre Daten an diesem Tag oder bald danach endgültig gelöscht.',
    mail: 'Wenn Sie bis zum Ende der in der E-Mail genannten Zeit nicht zugestimmt haben, werden Ihre Daten endgültig gelöscht.',
    over: 'Die Zeit zum Antworten ist vorbei. Wenn Sie jetzt nicht zustimmen, können Ihre Daten jeden Moment endgültig gelöscht werden.',
    never: 'Ihre Daten werden nicht von selbst gelöscht.',
    still: 'Was oben über das Löschen Ihrer Daten steht, gilt weiterhin.',
  },
  expiredConsent: {
    none: 'Sie haben nicht geantwortet.',
    declined: 'Sie haben abgelehnt.',
  },
  tooLate: 'Ihre Antwort kam zu spät und wurde nicht festgehalten.',
  error: {
    prefix: 'Fehler: ',
    heading: 'Es wurde noch nichts festgehalten',
    'not-ticked':
      'Kreuzen Sie das Kästchen an, wenn Sie zustimmen, und drücken Sie die Schaltfläche noch einmal. Wenn Sie nicht zustimmen, drücken Sie Ablehnen.',
    'not-confirmed': 'Kreuzen Sie zur Bestätigung das Kästchen an und drücken Sie die Schaltfläche noch einmal.',
    unclear: 'Bitte wählen Sie eine der Antworten auf dieser Seite.',
    'text-changed':
      'Der Text hat sich geändert, seit Sie die Seite geöffnet haben. Bitte lesen Sie ihn und antworten Sie noch einmal.',
  },
  company: 'Unternehmen',
  contact: 'Kontakt zum Datenschutz',
  heldSince: 'Hat Daten über Sie seit',
  answered: 'Datum Ihrer Antwort',
  status: 'Sehen, wie weit es ist',
  back: 'Zurück, nichts ändern',
  languages: 'Sprachen',
  name: 'Deutsch',
};
