import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Accepted } from './accepted.js';

/** What `npm audit --json` says; `via` names other packages where these bring the advisory along. */
export interface AuditReport {
  readonly vulnerabilities: Record<string, { readonly via: readonly (string | Advisory)[] }>;
}

interface Advisory {
  readonly name: string;
  readonly title: string;
  readonly url: string;
  readonly severity: string;
  readonly range: string;
}

/** The registry could not be asked, so nothing is known: neither good nor bad. */
export class NoAnswer extends Error {}

/**
 * Asks the registry about what images carry. Throws {@link NoAnswer} where it is away or knows no advisories.
 * With an empty cache: npm keeps advisories in its own and would not notice that one has become graver.
 */
export async function askRegistry(cwd: string, ...options: string[]): Promise<AuditReport> {
  const cache = await mkdtemp(join(tmpdir(), 'npm-audit-'));
  try {
    const said = await npm(['audit', '--json', '--omit=dev', `--cache=${cache}`, ...options], cwd);
    const report = JSON.parse(said || '{}') as Partial<AuditReport> & { message?: string };
    if (!report.vulnerabilities) throw new NoAnswer(report.message ?? 'npm audit said nothing');
    return { vulnerabilities: report.vulnerabilities };
  } finally {
    await rm(cache, { recursive: true });
  }
}

/** npm ends with 1 both for findings and for a failure; only what it says tells them apart. */
const npm = (words: readonly string[], cwd: string): Promise<string> =>
  new Promise((resolve) => {
    execFile('npm', words, { cwd, maxBuffer: 64 * 1024 * 1024 }, (_, stdout) => resolve(stdout));
  });

/** High and critical advisories that nobody has accepted, and acceptances that are over or excuse nothing. */
export function auditProblems(report: AuditReport, accepted: readonly Accepted[], today: string): string[] {
  const found = Object.values(report.vulnerabilities).flatMap(({ via }) =>
    via.filter((one) => typeof one !== 'string'),
  );
  const grave = new Map(
    found.filter(({ severity }) => severity === 'high' || severity === 'critical').map((one) => [one.url, one]),
  );
  const valid = new Set(accepted.filter(({ until }) => today < until).map(({ advisory }) => advisory));
  return [
    ...[...grave.values()]
      .filter(({ url }) => !valid.has(url))
      .map(({ name, range, severity, title, url }) => `${name} ${range}: ${severity}, ${title}, ${url}`),
    ...accepted
      .filter(({ advisory }) => !grave.has(advisory))
      .map(({ advisory }) => `${advisory}: is accepted, and there is no such finding any more`),
  ];
}
