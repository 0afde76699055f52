import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#local';

/** The version of everything that is released together. */
export const release = (): string =>
  (JSON.parse(readFileSync(join(repositoryRoot(), 'package.json'), 'utf8')) as { version: string }).version;
