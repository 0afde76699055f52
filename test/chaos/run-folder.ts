import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceName } from '#local';

/** What a person does, and so what must have become of them in the end. */
export type Role =
  /** Presses Delete Account. */
  | 'deletes'
  /** Is removed by a recruiter. */
  | 'removed'
  /** Is imported, asked, and says nothing. */
  | 'silent'
  /** Is imported, asked, and agrees. */
  | 'agrees'
  /** The same, at about the moment when the time is over: may be too late, and is then told so. */
  | 'agrees-late'
  /** Presses Delete Account where expunge is off. */
  | 'hidden'
  /** Does nothing. Nobody may touch them. */
  | 'control';

/** One thing that somebody outside did, and the answer that was given. */
export interface Deed {
  readonly at: number;
  readonly role: Role;
  readonly tenantId: string;
  readonly address: string;
  readonly contactId?: string;
  readonly what: 'signed-up' | 'imported' | 'removal-answered' | 'opt-in-answered' | 'hidden-answered' | 'seen';
  /** How it was answered: `expunging`, `gone`, an HTTP status; for `seen` a hash of all that is stored. */
  readonly answer?: string;
  readonly expungeId?: string;
}

/** A mail that arrived in full at the receiving server, and what that server then did. */
export interface SinkMail {
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly answered: 'accepted' | 'hung' | 'dropped';
  /** The mail as it came, in base64. */
  readonly raw: string;
}

export interface Fault {
  readonly kind: string;
  /** What it was done to, and how. */
  readonly detail: string;
  readonly from: number;
  /** When it was over; what it has caused may go on. */
  readonly to: number;
  /** When a removal asked for at its end was complete. */
  readonly recoveredAt?: number;
}

/** A message that no reader can use, and who has to park it. */
export interface Malformed {
  readonly at: number;
  readonly topic: string;
  readonly key: string;
  readonly value: string;
  readonly parkedBy: readonly ServiceName[];
  readonly reason: string;
}

/** What was found in the databases at the moment a ContactExpunged was read. */
export interface Sighting {
  readonly at: number;
  readonly contactId: string;
  /** Tables in which the contact still was. */
  readonly left: readonly string[];
}

/** What the checker needs besides, to look for itself. */
export interface RunFacts {
  readonly seed: number;
  readonly expunges: number;
  readonly superuserUrl: string;
  readonly brokers: string[];
  readonly logDir: string;
  readonly certificateJwksUrl: string;
  readonly graceSeconds: number;
  /** Marks the copies that the run itself has published. */
  readonly copyHeader: string;
}

interface Records {
  deeds: Deed;
  mails: SinkMail;
  faults: Fault;
  malformed: Malformed;
  sightings: Sighting;
}

/** The folder in which a run writes down what it did and saw; the checker reads it, and nothing else of the run. */
export class RunFolder {
  constructor(readonly path: string) {}

  get facts(): RunFacts {
    return JSON.parse(readFileSync(join(this.path, 'run.json'), 'utf8')) as RunFacts;
  }

  begin(facts: RunFacts): void {
    writeFileSync(join(this.path, 'run.json'), JSON.stringify(facts));
  }

  note<Name extends keyof Records>(name: Name, record: Records[Name]): void {
    appendFileSync(this.file(name), `${JSON.stringify(record)}\n`);
  }

  all<Name extends keyof Records>(name: Name): Records[Name][] {
    if (!existsSync(this.file(name))) return [];
    const lines = readFileSync(this.file(name), 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as Records[Name]);
  }

  private file(name: keyof Records): string {
    return join(this.path, `${name}.jsonl`);
  }
}
