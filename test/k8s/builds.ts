import { join } from 'node:path';
import { ensureAllSecrets } from '#local';
import type { Build } from './inspect.js';
import { buildWith, componentNames, type Kustomize, overlayFolder, overlayNames } from './kustomize.js';

/** Every overlay. The local one needs its secrets, which are made where they are missing. */
export async function overlays(kustomize: Kustomize): Promise<Build[]> {
  const secrets = join(overlayFolder('local'), 'secrets');
  await ensureAllSecrets(secrets, secrets);
  const names = await overlayNames();
  return Promise.all(names.map(async (name) => ({ name, objects: await kustomize.build(overlayFolder(name)) })));
}

/**
 * The base with none, each one, all but one, and all of the components: so that any two of them are seen both together
 * and one without the other.
 */
export async function combinations(kustomize: Kustomize): Promise<Build[]> {
  const all = await componentNames();
  const sets = [[], ...all.map((name) => [name]), ...all.map((left) => all.filter((name) => name !== left)), all];
  return Promise.all(sets.map((set) => build(kustomize, set)));
}

async function build(kustomize: Kustomize, components: readonly string[]): Promise<Build> {
  return { name: `base with ${components.join(', ') || 'nothing'}`, objects: await buildWith(kustomize, components) };
}
