import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '#local';

const HELP = `npm run chaos:mutants [-- name of one]: shows that the checker of the chaos run can see.

Switches off one guarantee after the other, in a compiled copy of the services, has a chaos run break on it what that
guarantee is for, and prints which invariants were violated. Ends with 1 when one of them was not noticed.`;

interface Patch {
  /** In the compiled code. */
  readonly file: string;
  /** Each with what takes its place, everywhere in the file; it must be there. */
  readonly change: readonly (readonly [from: string, to: string])[];
}

interface Mutant {
  readonly name: string;
  readonly what: string;
  readonly patches: readonly Patch[];
  readonly faults: readonly string[];
}

const MESSAGING = 'libs/messaging/src';
const SILENT = 'apps/contact-service/src/consent/silent-expunge.decision.js';
const DELETE =
  "await connection.query('DELETE FROM outbox WHERE seq = ANY($1::bigint[])', [\n        rows.map((row)=>row.seq)\n    ]);";

const MUTANTS: readonly Mutant[] = [
  {
    name: 'inbox',
    what: 'handled messages are not remembered, and mails that were sent neither',
    patches: [
      { file: `${MESSAGING}/chunk-processor.js`, change: [['unseen.delete(message.received.id)', 'unseen']] },
      {
        file: 'apps/notification-service/src/mail/queue-mail.js',
        change: [['WHERE NOT EXISTS (SELECT FROM mail_outcome sent WHERE sent.email_id = m.email_id)', '']],
      },
    ],
    faults: ['double messages', 'mixed order', 'mixed order'],
  },
  {
    name: 'outbox',
    what: 'messages are published after the commit from memory, nothing keeps them',
    patches: [
      {
        file: `${MESSAGING}/relay.js`,
        change: [['await withTimeLimit(producer', `${DELETE}\n    await withTimeLimit(producer`]],
      },
    ],
    faults: ['kill broker', 'kill privacy-service', 'kill broker'],
  },
  {
    name: 'subject-lock',
    what: 'nobody locks the row of a contact before looking',
    patches: [
      { file: 'libs/erasure/src/subjects.js', change: [['ORDER BY contact_id FOR UPDATE', 'ORDER BY contact_id']] },
    ],
    faults: ['slow postgres', 'slow postgres'],
  },
  {
    name: 'tombstone',
    what: 'writers do not see that a contact is erased',
    patches: [
      { file: 'libs/erasure/src/subjects.js', change: [['return expungeId && erasedAt', 'return false && erasedAt']] },
    ],
    // Late enough that there are erased contacts to be spoken of again.
    faults: ['slow smtp', 'slow smtp', 'slow smtp', 'slow smtp', 'mixed order', 'mixed order', 'mixed order'],
  },
  {
    name: 'evidence-rule',
    what: 'a request is complete when some participants have answered',
    patches: [
      {
        file: 'apps/privacy-service/src/expunge/expunge.process.js',
        change: [['participants.every(({ outcome', 'participants.some(({ outcome']],
      },
    ],
    faults: ['kill workflow-service'],
  },
  {
    name: 'one-store',
    what: 'one store of one participant is left out',
    patches: [
      {
        file: 'apps/workflow-service/src/expunge/participant.js',
        change: [
          [
            "{\n            table: 'contact_fact'\n        }",
            "{\n            table: 'contact_fact',\n            where: 'false'\n        }",
          ],
        ],
      },
    ],
    faults: ['kill workflow-service'],
  },
  {
    name: 'opt-in-re-check',
    what: 'whoever agreed meanwhile is not looked at again before the removal',
    patches: [{ file: SILENT, change: [["if (silence.consented) return 'opted-in';", '']] }],
    faults: ['freeze workflow-service', 'slow kafka', 'freeze workflow-service'],
  },
  {
    name: 'one-relay',
    what: 'several relays, not equally fast, share the outbox with SKIP LOCKED',
    patches: [
      { file: `${MESSAGING}/options.js`, change: [['MESSAGING_CONNECTIONS = 3', 'MESSAGING_CONNECTIONS = 8']] },
      {
        file: `${MESSAGING}/relay.js`,
        change: [
          ['this.running = this.run();', 'this.running = Promise.all([1, 2, 3, 4, 5].map(() => this.run()));'],
          ['if (!await this.waitForLock(connection)) return;', ''],
          [
            'const rows = await connection.query(',
            'await connection.startTransaction();\n    const rows = await connection.query(',
          ],
          ['ORDER BY seq LIMIT $1)', 'ORDER BY seq LIMIT least($1::int, 1) FOR UPDATE SKIP LOCKED)'],
          [
            'if (rows.length === 0) return 0;',
            'if (rows.length === 0) return connection.commitTransaction().then(() => 0);',
          ],
          // As those on several machines are; in one process they would only by chance overtake each other.
          ["failPoint('relay.read');", 'await new Promise((next) => setTimeout(next, 100 * Math.random()));'],
          ["failPoint('relay.deleted');", 'await connection.commitTransaction();'],
        ],
      },
    ],
    faults: ['kill broker', 'reset kafka', 'reset kafka', 'kill broker', 'reset kafka', 'reset kafka'],
  },
  {
    name: 'seal-binding',
    what: 'a sealed address is used for whatever mail it comes with',
    patches: [
      {
        file: 'libs/service/src/seal/seal.js',
        change: [['if (content[field] !== binding[field]) throw', 'if (false) throw']],
      },
    ],
    faults: ['malformed messages', 'malformed messages', 'malformed messages'],
  },
];

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** A checkout of compiled code, in which something is different. */
function mutated({ name, patches }: Mutant): string {
  const root = repositoryRoot();
  const copy = mkdtempSync(join(tmpdir(), `contact-expunge-mutant-${name}-`));
  cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(copy, 'package.json'));
  for (const shared of ['node_modules', 'apps', '.cache']) symlinkSync(join(root, shared), join(copy, shared));
  for (const { file, change } of patches) {
    const path = join(copy, 'dist', file);
    let code = readFileSync(path, 'utf8');
    for (const [from, to] of change) {
      if (!code.includes(from)) throw new Error(`${name}: ${file} has no "${from}" any more`);
      code = code.replaceAll(from, to);
    }
    writeFileSync(path, code);
  }
  return copy;
}

/** The output of a chaos run on that copy, as its lines come. */
async function chaosOn(copy: string, faults: readonly string[], onLine: (line: string) => void): Promise<void> {
  const program = join(copy, 'dist', 'test', 'chaos', 'chaos.js');
  const size = ['--expunges', '100', '--seed', '11', '--minutes', '0.5', '--settle-seconds', '25'];
  const run = spawn(process.execPath, ['--enable-source-maps', program, ...size, '--faults', faults.join(',')], {
    cwd: copy,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let rest = '';
  const read = (piece: string): void => {
    const lines = (rest + piece).split('\n');
    rest = lines.pop()!;
    lines.forEach(onLine);
  };
  run.stdout.setEncoding('utf8').on('data', read);
  run.stderr.setEncoding('utf8').on('data', read);
  await new Promise((resolve) => run.once('close', resolve));
}

/** Which invariants were violated; undefined when the run did not come to its end. */
async function violatedOn(mutant: Mutant, verbose: boolean): Promise<string[] | undefined> {
  const copy = mutated(mutant);
  const violated: string[] = [];
  let ended = false;
  try {
    await chaosOn(copy, mutant.faults, (line) => {
      if (verbose) print(line);
      const name = /VIOLATED +\d+ (.*)/.exec(line)?.[1];
      // What a mutant only grumbles about in its log has not been caught at what it does.
      if (name !== undefined && !name.includes('error line')) violated.push(name);
      if (line.startsWith('chaos: ')) ended = true;
      const kept = /^What was seen is kept in (.*)/.exec(line)?.[1];
      if (kept !== undefined && !verbose) rmSync(kept, { recursive: true, force: true });
    });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  return ended ? violated : undefined;
}

async function main(): Promise<number> {
  const [wanted] = process.argv.slice(2);
  const mutants = MUTANTS.filter(({ name }) => wanted === undefined || name === wanted);
  let caught = 0;
  for (const mutant of mutants) {
    const violated = await violatedOn(mutant, wanted !== undefined);
    if (violated && violated.length > 0) caught += 1;
    const verdict = violated === undefined ? 'BROKE ' : violated.length > 0 ? 'caught' : 'MISSED';
    print(`${verdict} ${mutant.name.padEnd(16)} ${mutant.what}`);
    for (const name of violated ?? []) print(`       ${' '.repeat(16)} - ${name}`);
  }
  print(`chaos:mutants: ${caught} of ${mutants.length} caught`);
  return caught === mutants.length && caught > 0 ? 0 : 1;
}

if (process.argv.includes('--help')) print(HELP);
else process.exit(await main());
