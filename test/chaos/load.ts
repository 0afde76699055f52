import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Chance } from './chance.js';
import type { People, Row } from './people.js';

interface LoadPlan {
  /** So many people will have been removed in the end. */
  readonly expunges: number;
  /** Over which they come, whatever the system does meanwhile: an open loop. */
  readonly durationMs: number;
}

type Act = (chance: Chance) => Promise<unknown>;

const FILE_ROWS = 12;

/** Draws who comes and what they do, and when. */
function draw(people: People, chance: Chance, expunges: number): Act[] {
  const company = (): People['companies'][number] => chance.pick(people.companies);
  const acts: Act[] = [];
  const silent = Math.round(expunges * 0.3);
  const removed = Math.round(expunges * 0.15);
  const add = (count: number, act: () => Act): void => {
    for (let n = 0; n < count; n += 1) acts.push(act());
  };
  add(expunges - silent - removed, () => {
    const at = company();
    return (own) => people.deletes(at, own);
  });
  add(removed, () => {
    const at = company();
    return (own) => people.isRemoved(at, own);
  });
  add(Math.round(expunges * 0.15), () => (own) => people.isHidden(own));
  for (const rows of files(chance, silent)) {
    const at = company();
    acts.push(() => people.imports(at, rows));
  }
  return acts;
}

/** Files in which the silent stand among those who agree. */
function files(chance: Chance, silent: number): Row[][] {
  const row = (role: Row['role']): Row => ({ role, address: `${role}-${randomUUID()}@example.org` });
  const rows = [
    ...Array.from({ length: silent }, () => row('silent')),
    ...Array.from({ length: Math.ceil(silent / 4) }, () => row('agrees')),
    ...Array.from({ length: Math.ceil(silent / 4) }, () => row('agrees-late')),
  ];
  const shuffled = chance.shuffled(rows);
  return Array.from({ length: Math.ceil(shuffled.length / FILE_ROWS) }, (_, n) =>
    shuffled.slice(n * FILE_ROWS, (n + 1) * FILE_ROWS),
  );
}

/** Everybody comes at their time; resolves when everybody has been answered. Rejects when somebody was answered wrongly. */
export async function comeAndGo(people: People, chance: Chance, plan: LoadPlan): Promise<void> {
  const acts = chance.shuffled(draw(people, chance, plan.expunges));
  const timed = acts.map((act) => ({ act, at: chance.between(0, plan.durationMs), own: chance.fork() }));
  await Promise.all(
    timed.map(async ({ act, at, own }) => {
      await pause(at);
      await act(own);
    }),
  );
}
