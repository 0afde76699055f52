import { missingMigrations } from '../schema-version.js';
import type { Finding, Patient } from './finding.js';

/** The schema is as new as this build needs it. */
export async function checkMigrations({ db, migrations }: Patient): Promise<Finding[]> {
  return judgeMigrations(await missingMigrations(db, migrations));
}

export function judgeMigrations(missing: readonly string[]): Finding[] {
  if (missing.length === 0) return [];
  return [
    {
      check: 'migrations',
      culprit: `the schema lacks ${missing.length} of this build, the first is ${missing[0]}`,
      todo: 'run migrate of this release (npm run migrate, or its job)',
    },
  ];
}
