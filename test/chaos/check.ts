/**
 * Looks at what a run has left behind: databases, topics, the mails that arrived, logs, and what people did and were
 * answered. Knows nothing of how the services work. Prints each invariant with how often it was looked at, and each
 * violation; ends with 1 when there is one. `node dist/test/chaos/check.js <folder of the run>`
 */
import { AT_REST, DEAD_LETTERS, ORDER_KEPT } from './check/bus.js';
import { gather } from './check/facts.js';
import type { Invariant } from './check/invariant.js';
import { EVERY_FAULT_ENDS, NO_UNEXPLAINED_ERROR } from './check/logs.js';
import { CONFIRMED_BY_MAIL, REPEATS_EXPLAINED } from './check/mails.js';
import {
  ACCEPTED_COMPLETES,
  CONTROLS_UNTOUCHED,
  EVIDENCE_FIRST,
  GONE_BEFORE_TOLD,
  NOBODY_WRONGLY,
  NOTHING_LEFT,
  SILENT_GO,
  TOLD_ONCE,
} from './check/removals.js';
import { RunFolder } from './run-folder.js';

const INVARIANTS: readonly Invariant[] = [
  ACCEPTED_COMPLETES,
  SILENT_GO,
  TOLD_ONCE,
  EVIDENCE_FIRST,
  GONE_BEFORE_TOLD,
  NOTHING_LEFT,
  CONTROLS_UNTOUCHED,
  NOBODY_WRONGLY,
  CONFIRMED_BY_MAIL,
  REPEATS_EXPLAINED,
  DEAD_LETTERS,
  ORDER_KEPT,
  AT_REST,
  NO_UNEXPLAINED_ERROR,
  EVERY_FAULT_ENDS,
];
/** Of one invariant; the others are counted. */
const SHOWN = 5;

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const facts = await gather(new RunFolder(process.argv[2] ?? '.'));
let total = 0;
for (const { name, look } of INVARIANTS) {
  const { checked, violations } = await look(facts);
  total += violations.length;
  print(`${violations.length === 0 ? 'holds   ' : 'VIOLATED'} ${String(checked).padStart(6)} ${name}`);
  for (const violation of violations.slice(0, SHOWN)) print(`           ${violation}`);
  if (violations.length > SHOWN) print(`           and ${violations.length - SHOWN} more`);
}
print(`check: ${total} violations`);
await facts.databases.end();
process.exitCode = total === 0 ? 0 : 1;
