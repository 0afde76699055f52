import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numberOption } from '#local';
import { startTestSystem } from '../support/test-system.js';
import { aToken } from './forms.js';
import type { Place } from './places.js';
import { People, plant, QUICK } from './plant.js';
import { removeAll } from './remove.js';
import { scan, scanRawFiles, tidyUp } from './scan.js';

const HELP = `npm run residue [-- --each 5]

Plants people whose every field carries a random text, in every way people come in (sign-up, recruiter, address, import),
removes them in every way people are removed, and then looks for the text everywhere: every row of every table, the
planner's statistics, Kafka's segments, all logs, all other files; as it is, in any case, within URL encoding and
quoted-printable, in base64, hexadecimal and UTF-16. Ends with 1 when anything is left, or when the search was blind: it
must find the people before they are removed. PostgreSQL's data files and log are looked at as well, but not judged.

It cannot see: what is encrypted (recipients sealed for one mail, readable until their key leaves the keyring), rows that
PostgreSQL has compressed, in its data files, blocks that the file system has freed, backups, the inboxes of the people,
and what other systems have made of what they read before.`;

if (process.argv.includes('--help')) say(HELP);
else process.exitCode = await run(numberOption('each', 5));

async function run(each: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'contact-expunge-residue-'));
  // PostgreSQL runs under an account of its own and has to get in.
  await chmod(folder, 0o711);
  // For this process and all that it starts, so that temporary files of ours can be told from others'.
  process.env.TMPDIR = folder;
  const system = await startTestSystem({ fast: true, env: QUICK });
  try {
    const token = aToken();
    const people = new People(token);
    say(`planting people: ${each} of each kind, by sign-up, recruiter, address and import`);
    const planted = await plant(system, people, each);
    const tokens = [token, ...people.phones];
    const before = await scan(system, tokens);
    report('before the removals (the search must be able to find)', before);
    say('removing them: Delete Account, recruiter, link, silence, form, undone import');
    await removeAll(system, planted);
    const after = await scan(system, tokens);
    report('after the removals', after);
    report(
      "PostgreSQL's own files, not judged: deleted rows stay until their room is used again",
      await scanRawFiles(system, tokens),
    );
    await tidyUp(system);
    report(
      'the same after VACUUM FULL, and two checkpoints with wal_recycle off, which end that sooner',
      await scanRawFiles(system, tokens),
    );
    return verdict(before, after);
  } finally {
    await system.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

function report(title: string, places: readonly Place[]): void {
  say(`${title}:`);
  for (const { name, bytes, matches, examples } of places) {
    say(`  ${name.padEnd(40)} ${String(bytes).padStart(12)} bytes ${String(matches).padStart(6)} matches`);
    for (const example of examples.slice(0, matches > 0 ? 3 : 0)) say(`      ${example}`);
  }
}

function verdict(before: readonly Place[], after: readonly Place[]): number {
  const blind = !before.some(({ name, matches }) => name === 'rows of contact_service' && matches > 0);
  if (blind) say('The search has not even found the people where they were.');
  // Rule 3: outside contact-service's tables nothing personal stands at any time.
  const elsewhere = before.filter(({ name, matches }) => name !== 'rows of contact_service' && matches > 0);
  for (const { name } of elsewhere) say(`Personal data stood outside contact-service: ${name}`);
  const bytes = after.reduce((sum, place) => sum + place.bytes, 0);
  const matches = after.reduce((sum, place) => sum + place.matches, 0);
  say(`residue: ${bytes} bytes scanned, ${matches} matches`);
  return matches > 0 || blind || elsewhere.length > 0 ? 1 : 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
