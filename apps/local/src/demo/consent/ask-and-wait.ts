import { Api } from '../../api.js';
import type { LocalSystem } from '../../system.js';
import { untilSettled } from '../../until-settled.js';
import { waitUntil } from '../../wait-until.js';
import { type HeardMessage, startOtherSystem } from '../other-system.js';
import type { Say } from '../run-demo.js';
import type { Answers } from './answers.js';
import { importTheFile } from './import-the-file.js';
import { countOf } from './people.js';
import type { Recipients } from './recipients.js';
import { setTheScene } from './set-the-scene.js';
import { whoIsThere } from './who-is-there.js';
import { findWrongs } from './find-wrongs.js';

export interface ConsentStory {
  readonly rows: number;
  readonly graceSeconds: number;
  readonly recipients: Recipients;
  readonly answers: Answers;
}

/** What the services say of contacts, and where other systems read it. Whoever is counted is counted from that. */
const FACTS = {
  'ContactOptedIn.v1': 'contact.events',
  'ContactDeclined.v1': 'contact.events',
  'EmailBounced.v1': 'notification.events',
  'ContactExpunged.v1': 'contact.expunged',
} as const;

const PATIENCE_MS = 20 * 60_000;
const TELL_EVERY_MS = 5_000;

/** The people of a file are asked; who agrees stays, who stays silent is removed. Returns the demo's last line. */
export async function askAndWait(system: LocalSystem, story: ConsentStory, say: Say): Promise<string> {
  const { recipients, answers, rows } = story;
  const api = new Api(system.identity);
  answers.say = say;
  const scene = await setTheScene(system, api, story, say);
  const facts = new Map(Object.keys(FACTS).map((type) => [type, new Set<string>()]));
  const hear = ({ type, key }: HeardMessage): void => void facts.get(type)?.add(key);
  const other = await startOtherSystem(system.brokers, [...new Set(Object.values(FACTS))], hear);
  const known = (type: keyof typeof FACTS): ReadonlySet<string> => facts.get(type)!;
  const counts = (): string =>
    `asked ${recipients.asked.size}, opted in ${known('ContactOptedIn.v1').size}, declined ${known('ContactDeclined.v1').size}, ` +
    `undeliverable ${known('EmailBounced.v1').size}, expunged ${known('ContactExpunged.v1').size}`;
  try {
    const { imported, refused } = await importTheFile(system, api, { rows, recruiter: scene.recruiter }, say);
    const before = await whoIsThere(api, scene.recruiter, system.urls['contact-service']);
    const expected = countOf('stays-silent', rows) + countOf('declines', rows);
    const expunged = known('ContactExpunged.v1');
    const progress = (): string => `   ${counts()}, confirmed by mail ${recipients.confirmed.size}`;
    say(`6. Mails are sent; from its acceptance each person has ${story.graceSeconds} s to agree`);
    await tellUntil(say, progress, () => {
      answers.assertWell();
      return expunged.size >= expected && recipients.confirmed.size >= expected;
    });
    await untilSettled(system);
    say(progress());
    const wrong = await findWrongs(system, api, { scene, before, expunged, recipients });
    say(`7. Looked for anybody who should be here and is not, or the other way round: ${wrong}`);
    if (wrong > 0 || refused !== rows - imported) throw new Error(`${wrong} contacts are not as they should be`);
    return `consent: imported ${imported}, ${counts()}, wrong ${wrong}`;
  } finally {
    await other.stop();
  }
}

async function tellUntil(say: Say, progress: () => string, done: () => boolean): Promise<void> {
  let toldAt = performance.now();
  const look = (): true | undefined => {
    if (performance.now() - toldAt >= TELL_EVERY_MS) {
      toldAt = performance.now();
      say(progress());
    }
    return done() || undefined;
  };
  await waitUntil(look, { what: 'everybody who stayed silent is removed', timeoutMs: PATIENCE_MS, everyMs: 50 });
}
