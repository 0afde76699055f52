interface Patch {
  /** In the compiled code. */
  readonly file: string;
  /** Each with what takes its place, everywhere in the file; it must be there. */
  readonly change: readonly (readonly [from: string, to: string])[];
}

/** What a switched-off guarantee looks like, and the faults on which the checker must notice it. */
export interface Mutant {
  readonly name: string;
  readonly what: string;
  readonly patches: readonly Patch[];
  readonly faults: readonly string[];
}

const MESSAGING = 'libs/messaging/src';
const SILENT = 'apps/contact-service/src/consent/silent-expunge.decision.js';
const DELETE =
  "await connection.query('DELETE FROM outbox WHERE seq = ANY($1::bigint[])', [\n        rows.map((row)=>row.seq)\n    ]);";

export const MUTANTS: readonly Mutant[] = [
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
