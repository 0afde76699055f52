import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#local';

export interface LockFile {
  readonly packages: Record<string, LockedPackage>;
}

interface LockedPackage {
  readonly name?: string;
  readonly version: string;
  readonly license?: string;
  readonly dev?: boolean;
}

/** A package that images carry. */
export interface Shipped {
  readonly id: string;
  readonly licence: string | undefined;
}

export const readJson = <T>(file: string): T => JSON.parse(readFileSync(join(repositoryRoot(), file), 'utf8')) as T;

/** Every package `npm ci --omit=dev` may install, on any platform, each version once. */
export function shippedPackages({ packages }: LockFile): Shipped[] {
  const shipped = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev);
  const byId = shipped.map(([path, { name = path.split('node_modules/').at(-1)!, version, license }]): Shipped => {
    return { id: `${name}@${version}`, licence: license };
  });
  return [...new Map(byId.map((one) => [one.id, one])).values()];
}
