/** The rule with one condition left out, or judged without its locks: what the model has to notice. */
import { readFile } from 'node:fs/promises';
import { dirname, posix } from 'node:path';
import { compileFunction } from 'node:vm';
import { transform } from '@swc/core';

/** The sources that are changed, as seen from here. */
export const SOURCES = {
  rule: '../../apps/contact-service/src/consent/silent-expunge.decision.ts',
  locks: '../../apps/contact-service/src/expunge/judge.ts',
} as const;
export type Source = keyof typeof SOURCES;

export interface Mutant {
  readonly leftOut: string;
  /** What stands there, and what in its place; looked for exactly once. */
  readonly edits: readonly (readonly [string, string])[];
}

const without = (leftOut: string, ...edits: [string, string][]): Mutant => ({ leftOut, edits });

export const RULE_MUTANTS: readonly Mutant[] = [
  without('gone', [`if (silence.state !== 'active') return 'gone';`, '']),
  without('opted-in', [`if (silence.consented) return 'opted-in';`, '']),
  without('stopped', [`if (asks.some((ask) => ask.stopped && ask.enrolmentId === enrolmentId)) return 'stopped';`, '']),
  without('held', [`if (silence.held) return 'held';`, '']),
  without('kill-switch', [`if (killSwitch) return 'kill-switch';`, '']),
  without('policy-off', [`if (policy === 'off') return 'policy-off';`, '']),
  without(
    'not-asked: the mail was accepted',
    ['!ask.acceptedAt || ', ''],
    ['secondsAfter(ask.acceptedAt, grace)', 'secondsAfter(ask.acceptedAt ?? new Date(0), grace)'],
  ),
  without('not-asked: at the present address', ['ask.addressChanged ||', '']),
  without('not-asked: it promised that nobody goes', [' || ask.graceSeconds === 0', '']),
  without('not-asked: it was no reminder', [
    `ask.template !== 'opt-in' || wasToldNobodyGoes(asks)`,
    'wasToldNobodyGoes(asks)',
  ]),
  without('not-asked: the last one promised that too', [
    `ask.template !== 'opt-in' || wasToldNobodyGoes(asks)`,
    `ask.template !== 'opt-in'`,
  ]),
  without('not-asked: its link was valid', [`if (ask.linkValidSeconds < grace) return 'not-asked';`, '']),
  without('bounced: the mail itself', ['ask.bounceKind !== null || asks.some', 'asks.some']),
  without('bounced: another of the enrolment', [
    'cameBackForGood(one) && !one.addressChanged',
    'cameBackForGood(one) && !one.addressChanged && (one === ask || one.enrolmentId !== ask.enrolmentId)',
  ]),
  without("bounced: another workflow's", [
    'cameBackForGood(one) && !one.addressChanged',
    'cameBackForGood(one) && !one.addressChanged && one.enrolmentId === ask.enrolmentId',
  ]),
  without('too-early', [`return now.getTime() < end ? 'too-early' : undefined;`, 'return undefined;']),
  without('too-early: as the command says', ['Math.max(ask.graceSeconds, graceSeconds)', 'ask.graceSeconds']),
  without(
    'too-early: as the mail promised',
    ['Math.max(ask.graceSeconds, graceSeconds)', 'graceSeconds'],
    ['...asks.map(promisedUntil)', '0'],
  ),
  without('too-early: as other mails promised', ['...asks.map(promisedUntil)', '0']),
  without("too-early: as other workflows' mails promised", [
    '...asks.map(promisedUntil)',
    '...asks.filter((one) => one.enrolmentId === ask.enrolmentId).map(promisedUntil)',
  ]),
];

export const LOCK_MUTANTS: readonly Mutant[] = [
  without(
    'the locks come before the look',
    ['  await lockTenant(tx, tenantId);\n  const known = await lockKnownSubjects(tx, contactIds);\n', ''],
    ['id: In([...known.keys()])', 'id: In([...contactIds])'],
    [
      'return contacts.length === 0 ? [] : decide(tx, tenantId, contacts);',
      `const judged = contacts.length === 0 ? [] : await decide(tx, tenantId, contacts);
       await lockTenant(tx, tenantId);
       await lockKnownSubjects(tx, contactIds);
       return judged;`,
    ],
  ),
  without(
    "the contact's lock",
    ['  const known = await lockKnownSubjects(tx, contactIds);\n', ''],
    ['id: In([...known.keys()])', 'id: In([...contactIds])'],
  ),
  without("the client company's lock", ['await lockTenant(tx, tenantId);\n  const known', 'const known']),
];

/** Found by a test of its own: no history is long enough for the cap. */
export const DAILY_CAP = without('daily-cap', [`(silence.leftToday > 0 ? 'expunge' : 'daily-cap')`, `'expunge'`]);

/** What a source exports after these edits. Fails when one does not fit any more: then the mutant has to be looked at. */
export async function load<Module>(source: Source, edits: Mutant['edits'] = []): Promise<Module> {
  const path = SOURCES[source];
  const text = await readFile(new URL(path, import.meta.url), 'utf8');
  const edited = edits.reduce((now, [there, instead]) => {
    if (now.split(there).length !== 2) throw new Error(`${path} has not exactly one: ${there}`);
    return now.replace(there, () => instead);
  }, text);
  const { code } = await transform(edited, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  const names = [...code.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name!);
  const imported = await Promise.all(
    names.map((name) => import(name.startsWith('.') ? posix.join(dirname(path), name) : name)),
  );
  const modules = new Map(names.map((name, n) => [name, imported[n] as unknown]));
  const exported = {};
  compileFunction(code, ['exports', 'require'])(exported, (name: string) => modules.get(name));
  return exported as Module;
}
