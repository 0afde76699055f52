import { numberOption } from '../number-option.js';
import { freePort } from '../ports.js';
import { Answers } from './consent/answers.js';
import { askAndWait } from './consent/ask-and-wait.js';
import { startRecipients } from './consent/recipients.js';
import { runDemo } from './run-demo.js';

const HELP = `npm run demo:consent [-- --rows 10000] [-- --grace-seconds 30]: people of an imported file are asked to opt in.

Starts the whole system in a temporary folder, imports a file of made-up people, mails each of them, and plays their
parts: some agree on the form, one declines, some mails come back, most stay silent and are removed when their time is
over, with a signed confirmation. Checks that nobody else was touched. The grace period is seconds here and an hour at
least in production. Needs Node and a Java runtime 17 or newer.`;

const MORE_THAN_ENOUGH = '1000000';

const rows = numberOption('rows', 10_000);
const graceSeconds = numberOption('grace-seconds', 30);
const bouncePort = await freePort();
const answers = new Answers(bouncePort);
const recipients = await startRecipients((question, behaviour) => answers.begin(question, behaviour));

await runDemo({
  name: 'demo:consent',
  help: HELP,
  opening:
    '1. Starting PostgreSQL, Kafka, an identity provider and the four services; the mail server is that of the people',
  env: {
    'contact-service': { SILENT_EXPUNGES_PER_DAY: MORE_THAN_ENOUGH },
    'workflow-service': { SHORTEST_GRACE_SECONDS: '1' },
    'notification-service': {
      SMTP_URL: recipients.smtpUrl,
      BOUNCE_SMTP_HOST: '127.0.0.1',
      BOUNCE_SMTP_PORT: String(bouncePort),
      OPT_IN_MAILS_FIRST_DAY: MORE_THAN_ENOUGH,
      OPT_IN_MAILS_MAX_PER_DAY: MORE_THAN_ENOUGH,
    },
  },
  story: (system, say) => askAndWait(system, { rows, graceSeconds, recipients, answers }, say),
});
