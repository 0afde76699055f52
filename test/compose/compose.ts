import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { repositoryRoot } from '#local';

export interface ComposeService {
  readonly image?: string;
  readonly build?: object;
  /** Started only when one of them is asked for; without any, always. */
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly restart?: string;
  readonly mem_limit?: string;
  readonly stop_grace_period?: string;
  readonly healthcheck?: { readonly test: string | readonly string[]; readonly disable?: boolean };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, object | null>>;
}

export const parseCompose = (text: string): Compose => parse(text, { merge: true }) as Compose;

/** docker-compose.yml, with what its parts share put in. */
export const compose = (): Compose => parseCompose(composeText());
export const composeText = (): string => readFileSync(join(repositoryRoot(), 'docker-compose.yml'), 'utf8');
