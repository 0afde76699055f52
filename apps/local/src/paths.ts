import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder of the checkout: the nearest one above this file that holds a package.json.
 * Gives the same answer for the sources (tests) and for the build output under dist.
 */
export function repositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('no package.json above apps/local: not a checkout of contact-expunge');
    folder = parent;
  }
  return folder;
}

/** A text file that lies beside the sources; the compiler does not copy such files into dist. */
export function sourceFile(...parts: string[]): string {
  return join(repositoryRoot(), 'apps', 'local', 'src', ...parts);
}
