import { findKustomize, overlayFolder } from '../k8s/kustomize.js';
import { ensureAllSecrets } from '#local';
import { join } from 'node:path';
import { ownWorkloads } from '../k8s/drift.js';
import { environmentOf } from '../k8s/environment.js';
import type { Manifest } from '../k8s/manifest.js';
import { unknownTo, classOf, type Variables } from '../k8s/variables.js';
import { compose } from './compose.js';
import { composeProblems, differences } from './rules.js';
import { scrapeProblems } from './scraped.js';

export async function checkCompose(): Promise<{ lines: string[]; problems: string[] }> {
  const kustomize = await findKustomize();
  const secrets = join(overlayFolder('local'), 'secrets');
  await ensureAllSecrets(secrets, secrets);
  const local = await kustomize.build(overlayFolder('local'));
  const file = compose();
  const lines = [`${Object.keys(file.services).length} containers, compared with k8s/overlays/local`];
  const problems = [...composeProblems(file), ...scrapeProblems(file), ...differences(file, toldInCluster(local))];
  return { lines, problems };
}

/** What each service, and each migration, is told in a cluster, of what it knows. */
function toldInCluster(objects: readonly Manifest[]): Record<string, Variables> {
  const entries = ownWorkloads(objects).map(({ object, labels, containers }) => {
    const service = labels['app.kubernetes.io/name']!;
    const migrates = object.kind === 'Job';
    const { all } = environmentOf(containers[0]!, objects);
    const foreign = unknownTo(classOf(service, migrates), Object.keys(all));
    const known = Object.fromEntries(Object.entries(all).filter(([name]) => !foreign.includes(name)));
    return [migrates ? `${service}/migrate` : service, known];
  });
  return Object.fromEntries(entries) as Record<string, Variables>;
}
