import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { READ_BY_HAND } from './licences.js';
import { type LockFile, readJson } from './lock-file.js';

export interface Sbom {
  readonly metadata: { readonly component: { readonly name: string; readonly version: string } };
  readonly components: Component[];
}

interface Component {
  readonly name: string;
  readonly version: string;
  readonly hashes?: readonly { readonly content: string }[];
  licenses?: readonly { readonly license?: { readonly id: string }; readonly expression?: string }[];
}

interface PackageFile {
  readonly name: string;
  readonly devDependencies?: object;
}

/**
 * The CycloneDX document of what images carry, made by npm from the lock file alone.
 * npm is shown the project without its development dependencies: `npm sbom --omit dev` also leaves out what both a
 * production and a development dependency need, three of four packages here (npm/cli issue 7909).
 */
export async function makeSbom(): Promise<Sbom> {
  const { devDependencies: _, ...manifest } = readJson<PackageFile>('package.json');
  const temporary = await mkdtemp(join(tmpdir(), 'sbom-'));
  try {
    // npm calls the project after its folder.
    const cwd = join(temporary, manifest.name);
    await mkdir(cwd);
    await writeFile(join(cwd, 'package.json'), JSON.stringify(manifest));
    await writeFile(join(cwd, 'package-lock.json'), JSON.stringify(productionOnly(readJson('package-lock.json'))));
    const words = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only'];
    const { stdout } = await promisify(execFile)('npm', words, { cwd, maxBuffer: 64 * 1024 * 1024 });
    return withAllLicences(JSON.parse(stdout) as Sbom);
  } finally {
    await rm(temporary, { recursive: true });
  }
}

function productionOnly(lock: LockFile): LockFile {
  const { devDependencies: _, ...root } = lock.packages[''] as LockFile['packages'][''] & PackageFile;
  const shipped = Object.entries(lock.packages).filter(([, { dev }]) => !dev);
  return { ...lock, packages: { ...Object.fromEntries(shipped), '': root } };
}

function withAllLicences(sbom: Sbom): Sbom {
  for (const component of sbom.components) {
    const id = READ_BY_HAND[`${component.name}@${component.version}`];
    if (id) component.licenses ??= [{ license: { id } }];
  }
  return sbom;
}
