import type { FormTexts } from './form-words.js';

export const ENGLISH: FormTexts = {
  title: {
    none: 'May {company} keep your data?',
    'opted-in': 'You have opted in',
    declined: 'You have declined',
    withdrawn: 'You have withdrawn your consent',
    expunging: 'Your data is being removed',
    waiting: 'The removal of your data is accepted',
    disabled: 'Your data is not used any more',
    expired: 'This link has expired',
    void: 'This link is not valid any more',
    unknown: 'Nothing here',
  },
  summary: {
    none: '{company} has data about you as a possible candidate. You did not sign up yourself: the company has added you.',
    'opted-in': 'You have agreed that {company} keeps your data and writes to you about jobs.',
    declined: 'You receive no further mails from {company} that ask you to opt in.',
    withdrawn:
      '{company} must not write to you about jobs any more. Your data is still there; it is not removed by itself.',
    expunging:
      'Every system that holds data about you deletes it. You receive a confirmation by email when all have finished.',
    waiting:
      'The removal has not begun yet; it begins as soon as possible, and nobody has to ask again. Until then your data is not used.',
    disabled: '{company} has put your data out of use. It is hidden and nobody writes to you. It is not deleted.',
    expired: 'Nothing was changed. For anything about your data, please write to the contact for data protection.',
    void: 'Nothing was changed. The address this link was sent to does not belong to this data any more.',
    unknown:
      'There is nothing at this address. Please check that it is complete. If it was, your data may have been removed already.',
  },
  consent: {
    'opt-in': {
      heading: 'If you agree',
      means: [
        '{company} keeps your data and may write to you about jobs.',
        'You can take this back: with this link while it is valid, and at any time through the contact for data protection. What was done before stays lawful.',
      ],
      box: 'I agree that {company} keeps my data and writes to me about jobs.',
      button: 'Opt in',
    },
    decline: {
      heading: 'If you decline',
      means: ['You receive no further mails from {company} that ask you to opt in.'],
      button: 'Decline',
    },
    withdraw: {
      heading: 'If you change your mind',
      means: [
        'You can withdraw your consent. {company} must then not write to you about jobs any more.',
        'Your data is not removed by that, neither now nor by itself later. What else you can do stands below.',
      ],
      button: 'Withdraw my consent',
    },
  },
  removal: {
    expunge: {
      title: 'Have your data removed?',
      link: 'Have my data removed now',
      heading: 'If you want your data removed now',
      means: [
        'Everything {company} holds about you as an applicant or contact is deleted for good, in every system.',
        'It cannot be undone. You receive a signed confirmation by email.',
      ],
      box: 'Yes, delete my data for good. I know that it cannot be undone.',
      button: 'Remove my data for good',
    },
    disable: {
      title: 'Have your data put out of use?',
      link: 'Have my data put out of use',
      heading: 'If you want your data put out of use',
      means: [
        '{company} puts your data out of use: it is hidden, and nobody writes to you.',
        'It is not deleted: permanent removal is not switched on for this company. If you want that, write to the contact for data protection.',
      ],
      box: 'Yes, put my data out of use.',
      button: 'Put my data out of use',
    },
  },
  ends: {
    date: 'If you have not opted in by {date}, your data is removed for good on that day or soon after.',
    mail: 'If you have not opted in by the end of the time named in the mail, your data is removed for good.',
    over: 'The time to answer is over. If you do not opt in now, your data can be removed for good at any moment.',
    never: 'Your data is not removed by itself.',
    still: 'What is said above about the removal of your data still holds.',
  },
  expiredConsent: {
    none: 'You have not answered.',
    declined: 'You have declined.',
  },
  tooLate: 'Your answer came too late and was not recorded.',
  error: {
    prefix: 'Error: ',
    heading: 'Nothing was recorded yet',
    'not-ticked': 'Tick the box if you agree, then press the button again. If you do not agree, press Decline.',
    'not-confirmed': 'Tick the box to confirm, then press the button again.',
    unclear: 'Please choose one of the answers on this page.',
    'text-changed': 'The text has changed since you opened the page. Please read it and answer again.',
  },
  company: 'Company',
  contact: 'Contact for data protection',
  heldSince: 'Holds data about you since',
  answered: 'Date of your answer',
  status: 'See how far it is',
  back: 'Back, change nothing',
  languages: 'Languages',
  name: 'English',
};
