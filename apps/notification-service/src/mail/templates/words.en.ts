import type { MailWords } from './mail-words.js';

export const en: MailWords = {
  language: 'en',
  direction: 'ltr',
  subject: (company) => `Your contact record at ${company} has been permanently removed`,
  heading: 'Your contact record has been permanently removed',
  opening: (company) =>
    `Your contact record in the recruiting system of ${company} has been permanently removed, with all that belonged to it. ` +
    `A second record about you there, for example one that a recruiter made, is a request of its own: please ask ${company}. ` +
    'A signed certificate of this is attached. Please keep this message: it holds what you need to verify the certificate, ' +
    'and it cannot be sent to you again.',
  requestHeading: 'The request',
  requestNumber: 'Request number',
  channel: 'How it was made',
  reasons: {
    'account-deleted': 'account deleted on the career site',
    'requested-by-recruiter': 'requested through the recruiting team',
    'requested-by-address': 'requested by email address, confirmed through a link sent to it',
    'no-opt-in': 'no consent was given within the time stated in the email that asked for it',
    'import-undone': 'an import by the company was undone',
  },
  requesters: {
    candidate: 'by you',
    recruiter: 'by the recruiting team',
    'address-holder': 'by you, as the holder of the email address',
    workflow: 'by the company, automatically, because there was no answer',
  },
  received: 'Received',
  completed: 'Completed',
  controller: 'Responsible company (controller)',
  contactForPrivacy: 'Questions about data protection',
  processor: 'Carried out by (processor)',
  processorName: 'Contact Expunge, the recruiting system of the company named above',
  erasedHeading: 'What was removed, system by system',
  systems: { 'contact-service': 'Contacts', 'workflow-service': 'Workflows', 'notification-service': 'Mail' },
  stores: {
    contacts: 'contact record',
    notes: 'notes',
    holds: 'legal holds',
    waiting_requests: 'removal requests that had to wait',
    removal_links: 'links sent to confirm a removal',
    request_records: 'records about removal requests',
    consent_requests: 'mails that asked for your consent',
    enrolments: 'enrolments in workflows',
    timers: 'scheduled steps',
    mails: 'mails waiting to be sent',
    mail_records: 'records of mails sent',
    mail_bounces: 'reports of mails that came back',
    dead_letters: 'messages that could not be handled',
  },
  erased: (count) => (count === 1 ? '1 record removed' : `${count} records removed`),
  nothingHeld: 'nothing was held',
  keptHeading: 'What is kept, and why',
  backupsHeading: 'Backups',
  verifyHeading: 'How to verify the certificate',
  verify: (file) =>
    `The attached file ${file} is digitally signed. Anybody can check the signature. That it is about you, only you can ` +
    'show: with your email address and the salt below. Run:',
  commandAddress: '<your email address>',
  salt: 'Salt',
  commitment: 'Commitment in the certificate',
  saltMeaning:
    'The commitment is the SHA-256 hash of the salt and your email address. We keep the salt only in encrypted copies of ' +
    'the instruction to send this message; they end by themselves, at the time named under “What is kept, and why”.',
  statusHeading: 'Status page',
  status: 'The state of your request and the certificate, without login:',
  complaintHeading: 'Your right to complain',
  complaint:
    'If you believe that your data was not handled properly, you can turn to the company named above, lodge a complaint ' +
    'with a data protection supervisory authority (for example where you live or work), and seek a judicial remedy.',
  closing:
    'This message was created automatically. Once it is delivered, our mail system deletes your address. Encrypted copies ' +
    'of the instruction to send it, with your name and address, end at the time named under “What is kept, and why”.',
  removalLink: {
    subject: (company) => `Please confirm: removal of your contact record at ${company}`,
    heading: 'Please confirm the removal of your contact record',
    opening: (company) =>
      `Somebody asked for the removal of what the recruiting system of ${company} holds under this email address. If ` +
      'that was you, open this page: it says what will happen, and you confirm it there. Until then nothing is removed.',
    link: 'To the page where you confirm:',
    validity: (hours) =>
      `The link can be used for ${hours} hours after it was asked for. It is for you alone: please do not pass it on.`,
    notYou: 'If it was not you, you need not do anything: nothing is removed and nothing changes.',
    privacyContact: 'Questions about data protection',
    closing: 'This message was created automatically.',
  },
  optIn: {
    subject: (company) => `${company} asks for your consent to keep your contact details`,
    reminderSubject: (company) => `Reminder: ${company} asks for your consent to keep your contact details`,
    heading: (company) => `May ${company} keep your contact details?`,
    reminder: 'We have asked you before and have no answer from you yet.',
    opening: (company) =>
      `${company} would like to keep your contact details in its recruiting system, to be able to write to you about ` +
      `jobs. You did not sign up there yourself: ${company} added your details, for example through a recruiter or with ` +
      'a list that was imported.',
    link: 'The page for your answer:',
    choices: 'There you can say yes or no. The link is for you alone: please do not pass it on.',
    silence: (time) =>
      `Time to answer: ${time} from the arrival of this email. If you have not said yes by then, what the recruiting ` +
      'system holds about you is removed for good.',
    noRemoval: 'If you do not answer, nothing is removed and nothing changes.',
    decline:
      'If you say no, you get no further email that asks you, and the removal at the end of that time stays as it is. The ' +
      'unsubscribe button of your mail program says no as well.',
    declineOnly:
      'If you say no, you get no further email that asks you. The unsubscribe button of your mail program says no as well.',
    removeNow: 'You need not wait: on the same page you can have your data removed at once.',
    privacyContact: 'Questions about data protection',
    closing: 'This message was created automatically.',
  },
};
