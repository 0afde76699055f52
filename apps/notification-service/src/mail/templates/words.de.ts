import type { MailWords } from './mail-words.js';

export const de: MailWords = {
  language: 'de',
  direction: 'ltr',
  subject: (company) => `Ihr Kontakteintrag bei ${company} wurde endgültig gelöscht`,
  heading: 'Ihr Kontakteintrag wurde endgültig gelöscht',
  opening: (company) =>
    `Ihr Kontakteintrag im Bewerbersystem von ${company} wurde endgültig gelöscht, mit allem, was dazu gehörte. ` +
    `Ein zweiter Eintrag über Sie, den zum Beispiel das Recruiting-Team angelegt hat, ist ein eigener Antrag: Bitte fragen Sie ${company}. ` +
    'Eine signierte Bescheinigung darüber liegt bei. Bitte bewahren Sie diese Nachricht auf: Sie enthält, was Sie zum ' +
    'Prüfen der Bescheinigung brauchen, und kann Ihnen nicht noch einmal geschickt werden.',
  requestHeading: 'Der Antrag',
  requestNumber: 'Antragsnummer',
  channel: 'Weg des Antrags',
  reasons: {
    'account-deleted': 'Konto auf der Karriereseite gelöscht',
    'requested-by-recruiter': 'über das Recruiting-Team beantragt',
    'requested-by-address': 'über die E-Mail-Adresse beantragt, bestätigt über einen dorthin gesendeten Link',
    'no-opt-in': 'keine Einwilligung innerhalb der Frist, die in der Anfrage genannt war',
    'import-undone': 'ein Import des Unternehmens wurde rückgängig gemacht',
  },
  requesters: {
    candidate: 'durch Sie',
    recruiter: 'durch das Recruiting-Team',
    'address-holder': 'durch Sie, als Inhaberin oder Inhaber der E-Mail-Adresse',
    workflow: 'durch das Unternehmen, automatisch, weil keine Antwort kam',
  },
  received: 'Eingegangen',
  completed: 'Abgeschlossen',
  controller: 'Verantwortliches Unternehmen',
  contactForPrivacy: 'Fragen zum Datenschutz',
  processor: 'Ausgeführt durch (Auftragsverarbeiter)',
  processorName: 'Contact Expunge, das Bewerbersystem des genannten Unternehmens',
  erasedHeading: 'Was gelöscht wurde, System für System',
  systems: { 'contact-service': 'Kontakte', 'workflow-service': 'Abläufe', 'notification-service': 'E-Mail' },
  stores: {
    contacts: 'Kontakteintrag',
    notes: 'Notizen',
    holds: 'Löschsperren',
    waiting_requests: 'Löschanträge, die warten mussten',
    removal_links: 'Links zum Bestätigen einer Löschung',
    request_records: 'Vermerke zu Löschanträgen',
    consent_requests: 'E-Mails mit der Frage nach Ihrer Einwilligung',
    enrolments: 'Teilnahmen an Abläufen',
    timers: 'geplante Schritte',
    mails: 'wartende E-Mails',
    mail_records: 'Vermerke über gesendete E-Mails',
    mail_bounces: 'Meldungen über nicht zugestellte E-Mails',
    dead_letters: 'Nachrichten, die nicht verarbeitet werden konnten',
  },
  erased: (count) => (count === 1 ? '1 Datensatz gelöscht' : `${count} Datensätze gelöscht`),
  nothingHeld: 'nichts war gespeichert',
  keptHeading: 'Was aufbewahrt wird und warum (Wortlaut der Bescheinigung, Englisch)',
  backupsHeading: 'Sicherungskopien (Wortlaut der Bescheinigung, Englisch)',
  verifyHeading: 'So prüfen Sie die Bescheinigung',
  verify: (file) =>
    `Die beigefügte Datei ${file} ist digital signiert. Jeder kann die Signatur prüfen. Dass sie Sie betrifft, können ` +
    'nur Sie zeigen: mit Ihrer E-Mail-Adresse und dem folgenden Salt. Befehl:',
  commandAddress: '<Ihre E-Mail-Adresse>',
  salt: 'Salt',
  commitment: 'Commitment in der Bescheinigung',
  saltMeaning:
    'Das Commitment ist der SHA-256-Hash aus dem Salt und Ihrer E-Mail-Adresse. Wir haben das Salt nur noch in ' +
    'verschlüsselten Kopien des Auftrags, diese Nachricht zu senden; sie enden von selbst zu der Zeit, die unter ' +
    '„Was aufbewahrt wird und warum“ genannt ist.',
  statusHeading: 'Statusseite',
  status: 'Der Stand Ihres Antrags und die Bescheinigung, ohne Anmeldung:',
  complaintHeading: 'Ihr Beschwerderecht',
  complaint:
    'Wenn Sie meinen, dass mit Ihren Daten nicht richtig umgegangen wurde, können Sie sich an das oben genannte ' +
    'Unternehmen wenden, sich bei einer Datenschutz-Aufsichtsbehörde beschweren (zum Beispiel an Ihrem Wohn- oder ' +
    'Arbeitsort) und den Rechtsweg beschreiten.',
  closing:
    'Diese Nachricht wurde automatisch erstellt. Sobald sie zugestellt ist, löscht unser E-Mail-System Ihre Adresse. ' +
    'Verschlüsselte Kopien des Auftrags, sie zu senden, mit Ihrem Namen und Ihrer Adresse, enden zu der Zeit, die unter ' +
    '„Was aufbewahrt wird und warum“ genannt ist.',
  removalLink: {
    subject: (company) => `Bitte bestätigen: Löschung Ihres Kontakteintrags bei ${company}`,
    heading: 'Bitte bestätigen Sie die Löschung Ihres Kontakteintrags',
    opening: (company) =>
      `Jemand hat beantragt, zu löschen, was das Bewerbersystem von ${company} unter dieser E-Mail-Adresse gespeichert ` +
      'hat. Wenn Sie das waren, öffnen Sie bitte diese Seite: Sie sagt, was geschieht, und Sie bestätigen es dort. Vorher ' +
      'wird nichts gelöscht.',
    link: 'Zur Seite, auf der Sie bestätigen:',
    validity: (hours) =>
      `Der Link gilt ${hours} Stunden ab dem Antrag. Er ist nur für Sie bestimmt: Bitte geben Sie ihn nicht weiter.`,
    notYou: 'Wenn Sie das nicht waren, brauchen Sie nichts zu tun: Es wird nichts gelöscht, und nichts ändert sich.',
    privacyContact: 'Fragen zum Datenschutz',
    closing: 'Diese Nachricht wurde automatisch erstellt.',
  },
  optIn: {
    subject: (company) => `${company} bittet um Ihre Einwilligung, Ihre Kontaktdaten zu behalten`,
    reminderSubject: (company) => `Erinnerung: ${company} bittet um Ihre Einwilligung, Ihre Kontaktdaten zu behalten`,
    heading: (company) => `Darf ${company} Ihre Kontaktdaten behalten?`,
    reminder: 'Wir haben Sie schon einmal gefragt und noch keine Antwort von Ihnen.',
    opening: (company) =>
      `${company} möchte Ihre Kontaktdaten im eigenen Bewerbersystem behalten, um Ihnen wegen offener Stellen schreiben zu ` +
      `können. Sie haben sich dort nicht selbst angemeldet: ${company} hat Ihre Daten eingetragen, zum Beispiel durch das ` +
      'Recruiting-Team oder mit einer importierten Liste.',
    link: 'Die Seite für Ihre Antwort:',
    choices:
      'Dort können Sie zustimmen oder ablehnen. Der Link ist nur für Sie bestimmt: Bitte geben Sie ihn nicht weiter.',
    silence: (time) =>
      `Frist für Ihre Antwort: ${time} ab dem Eintreffen dieser E-Mail. Haben Sie bis dahin nicht zugestimmt, wird ` +
      'endgültig gelöscht, was das Bewerbersystem über Sie gespeichert hat.',
    noRemoval: 'Wenn Sie nicht antworten, wird nichts gelöscht, und nichts ändert sich.',
    decline:
      'Wenn Sie ablehnen, bekommen Sie keine weitere E-Mail mit dieser Frage; bei der Löschung am Ende der Frist bleibt es. ' +
      'Auch der Knopf zum Abbestellen in Ihrem E-Mail-Programm lehnt ab.',
    declineOnly:
      'Wenn Sie ablehnen, bekommen Sie keine weitere E-Mail mit dieser Frage. Auch der Knopf zum Abbestellen in Ihrem ' +
      'E-Mail-Programm lehnt ab.',
    removeNow: 'Sie müssen nicht warten: Auf derselben Seite können Sie Ihre Daten sofort löschen lassen.',
    privacyContact: 'Fragen zum Datenschutz',
    closing: 'Diese Nachricht wurde automatisch erstellt.',
  },
};
