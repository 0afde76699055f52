import { spawn } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { repositoryRoot } from '#local';
import { Chance } from './chance.js';
import { Databases } from './databases.js';
import { FAULTS } from './faults.js';
import { comeAndGo } from './load.js';
import { Noise } from './noise.js';
import { COPY_HEADER, Observer } from './observer.js';
import { People } from './people.js';
import type { Fault, RunFolder } from './run-folder.js';
import { settle } from './settle.js';
import { buildStage, type Stage } from './stage.js';

export interface ChaosOptions {
  readonly expunges: number;
  readonly seed: number;
  readonly minutes: number;
  /** Only these, in this order; all of them, as they are drawn, unless told. */
  readonly faults?: readonly string[];
  /** How long what is left to do may take after the last fault. */
  readonly settleSeconds: number;
  readonly folder: RunFolder;
  readonly say: (line: string) => void;
}

/** What a run was like; whether it was right is for the checker to say. */
export interface ChaosResult {
  readonly expunges: number;
  readonly faults: readonly Fault[];
  readonly violations: number;
}

/** So long a removal asked for after a fault may take before the next fault comes all the same. */
const RECOVERY_LIMIT_MS = 90_000;
/** So long after the last fault everybody must have been answered. */
const ANSWER_LIMIT_MS = 120_000;
/** Some faults come before the system has recovered from the one before. */
const OVERLAP = 0.25;
const GRACE_SECONDS = 12;

/** Starts the system, lets people come and things break, waits until it is at rest, and has the checker look at it. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { folder, say } = options;
  let receive: (address: string, raw: Buffer) => void = () => undefined;
  const stage = await buildStage({ folder, say, onMail: (address, raw) => receive(address, raw) });
  const databases = new Databases(stage.postgres.superuserUrl);
  const observer = new Observer(stage.brokers, databases, folder);
  try {
    const chance = new Chance(options.seed);
    const people = new People(stage.system, folder, databases, GRACE_SECONDS, chance.fork());
    receive = (address, raw) => people.receive(address, raw);
    writeFacts(stage, options);
    observer.start();
    await people.arrive();
    await new Run(stage, people, observer, options).play(chance);
    say('all have come and nothing breaks any more');
    await settle(databases, stage.brokers, { limitMs: options.settleSeconds * 1_000, say });
    const violations = await check(folder, say);
    if (violations > 0) cpSync(stage.system.logDir, join(folder.path, 'logs'), { recursive: true });
    return { expunges: observer.expunged.size, faults: folder.all('faults'), violations };
  } finally {
    await observer.stop();
    await databases.end();
    await stage.stop();
  }
}

function writeFacts({ system, brokers, postgres, folder }: Stage, { seed, expunges }: ChaosOptions): void {
  folder.begin({
    seed,
    expunges,
    superuserUrl: postgres.superuserUrl,
    brokers,
    logDir: system.logDir,
    certificateJwksUrl: `${system.urls['privacy-service']}/.well-known/jwks.json`,
    graceSeconds: GRACE_SECONDS,
    copyHeader: COPY_HEADER,
  });
}

class Run {
  private readonly probes = new Set<Promise<void>>();
  private over = false;

  constructor(
    private readonly stage: Stage,
    private readonly people: People,
    private readonly observer: Observer,
    private readonly options: ChaosOptions,
  ) {}

  async play(chance: Chance): Promise<void> {
    const durationMs = this.options.minutes * 60_000;
    const [load, faults] = [chance.fork(), chance.fork()];
    const coming = comeAndGo(this.people, load, { expunges: this.options.expunges, durationMs });
    const breaking = this.breakThings(faults, Date.now() + durationMs);
    const answered = coming.then(() => this.people.untilAllAnswered());
    // Told when it is waited for.
    answered.catch(() => undefined);
    await breaking;
    await Promise.all(this.probes);
    await this.untilAnswered(answered);
    this.over = true;
  }

  /** Whoever has no answer long after the last fault will have none: that is written down as what it is. */
  private async untilAnswered(answered: Promise<void>): Promise<void> {
    const from = Date.now();
    const all = await Promise.race([answered.then(() => true), pause(ANSWER_LIMIT_MS, false)]);
    if (all) return;
    this.stage.folder.note('faults', { kind: 'people without an answer', detail: '', from, to: Date.now() });
  }

  private async breakThings(chance: Chance, until: number): Promise<void> {
    const noise = new Noise(this.stage, this.observer);
    const wanted = this.options.faults;
    let deck: string[] = [...(wanted ?? [])];
    await pause(2_000);
    while (wanted ? deck.length > 0 : Date.now() < until) {
      if (deck.length === 0) deck = chance.shuffled(Object.keys(FAULTS));
      const kind = deck.shift()!;
      const from = Date.now();
      const detail = await FAULTS[kind]!(this.stage, chance.fork(), noise);
      const recovering = this.probe({ kind, detail, from, to: Date.now() }, chance.fork());
      this.probes.add(recovering);
      if (!chance.happens(OVERLAP)) await recovering;
      await pause(chance.between(500, 2_500));
    }
  }

  /** A removal that is asked for when the fault is over: when it is complete, the system has recovered. */
  private async probe(fault: Fault, chance: Chance): Promise<void> {
    const recoveredAt = await Promise.race([this.removed(chance), pause(RECOVERY_LIMIT_MS, undefined)]);
    this.stage.folder.note('faults', { ...fault, recoveredAt });
    const took = recoveredAt === undefined ? 'not recovered' : `recovered in ${inSeconds(recoveredAt - fault.to)}`;
    this.options.say(
      `${fault.kind} (${fault.detail}), ${inSeconds(fault.to - fault.from)}; ${took}; ${this.observer.expunged.size} expunged`,
    );
  }

  private async removed(chance: Chance): Promise<number> {
    const contactId = await this.people.deletes(chance.pick(this.people.companies), chance);
    while (!this.observer.expunged.has(contactId) && !this.over) await pause(50);
    return Date.now();
  }
}

const inSeconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** The checker is a program of its own: it knows what is in the folder, and looks at the rest itself. */
async function check(folder: RunFolder, say: (line: string) => void): Promise<number> {
  const program = join(repositoryRoot(), 'dist', 'test', 'chaos', 'check.js');
  const checker = spawn(process.execPath, ['--enable-source-maps', program, folder.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  checker.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const code = await new Promise<number | null>((resolve) => checker.once('close', resolve));
  for (const line of text.trimEnd().split('\n')) say(line);
  const violations = Number(/^check: (\d+) violations/m.exec(text)?.[1] ?? Number.NaN);
  if (Number.isNaN(violations)) throw new Error(`the checker ended with ${code} and without a result`);
  return violations;
}
