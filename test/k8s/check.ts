import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { repositoryRoot } from '#local';
import { combinations, overlays } from './builds.js';
import { dockerfileProblems } from './dockerfiles.js';
import { EXCEPTIONS } from './exceptions.js';
import { generatedFiles } from './generated.js';
import { driftOf, inspect } from './inspect.js';
import { findKustomize } from './kustomize.js';
import { type Manifest } from './manifest.js';
import { logProblems } from './log-settings.js';
import { RULES } from './rules/index.js';
import { schemaProblems } from './schemas.js';

/** What was looked at, and everything that is wrong with it. */
export interface Report {
  readonly lines: string[];
  readonly problems: string[];
}

export async function checkKubernetes(): Promise<Report> {
  const kustomize = await findKustomize();
  const complete = await overlays(kustomize);
  const parts = await combinations(kustomize);
  const builds = [...complete, ...parts];
  const objects = distinct(builds.flatMap((build) => build.objects));
  const { findings, excused } = inspect(builds);
  const problems = [
    ...(await schemaProblems(objects)),
    ...findings,
    ...driftOf(complete),
    ...logProblems(complete.flatMap((build) => build.objects)),
    ...staleFiles(),
    ...dockerfileProblems(),
  ];
  const lines = [
    `built by ${kustomize.name}: ${complete.length} overlays, ${parts.length} combinations of components`,
    `${objects.length} different objects, against the schemas of their kinds`,
    `${RULES.length} rules, ${excused} findings covered by ${EXCEPTIONS.length} exceptions:`,
    ...EXCEPTIONS.map(({ rules, reason }) => `  ${rules.join(', ')}: ${reason}`),
  ];
  return { lines, problems: [...new Set(problems)] };
}

/** What was made from contracts and rules and is not what they say now. */
export function staleFiles(files = generatedFiles()): string[] {
  return [...files]
    .filter(([file, text]) => readFileSync(file, 'utf8') !== text)
    .map(([file]) => `${relative(repositoryRoot(), file)}: not what it is made from; run npm run k8s:generate`);
}

function distinct(objects: readonly Manifest[]): Manifest[] {
  return [...new Map(objects.map((object) => [JSON.stringify(object), object])).values()];
}
