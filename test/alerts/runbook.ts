import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES, type ServiceName } from '#contracts';
import { repositoryRoot } from '#local';

export interface Statement {
  readonly services: readonly ServiceName[];
  readonly sql: string;
}

const text = readFileSync(join(repositoryRoot(), 'k8s', 'runbook.md'), 'utf8');

/** The headings, in their order: one for each alert. */
export const headings: readonly string[] = [...text.matchAll(/^## (\w+)$/gm)].map(([, name]) => name!);

/** The text under the heading of an alert; empty when there is none. */
export const sectionOf = (name: string): string =>
  text.split(/^## /m).find((part) => part.startsWith(`${name}\n`)) ?? '';

/** Where its links lead inside the page. */
export const anchors: readonly string[] = [...text.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor]) => anchor!);

/** `npm run ...`, by the names of the scripts. */
export const scripts: readonly string[] = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, script]) => script!);

/** Its SQL; the first line of each block names the service whose database is meant. */
export function statements(): Statement[] {
  return [...text.matchAll(/^```sql\n-- (.+)\n([^`]+)```$/gm)].map(([, whose, sql]) => {
    const services = SERVICES.filter((service) => whose === 'every service' || whose === service);
    return { services, sql: sql! };
  });
}
