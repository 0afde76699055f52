import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { repositoryRoot } from '#local';

export interface Rule {
  readonly alert?: string;
  /** The name under which the value is kept, for rules that are no alerts. */
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Alert extends Rule {
  readonly alert: string;
}

interface Rules {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

/** The one source of all rules: docker-compose.yml mounts it, the PrometheusRule of k8s/ is made from it. */
export const RULES_FILE = join(repositoryRoot(), 'k8s', 'components', 'prometheus-operator', 'alerts.yaml');

export const readRules = (): Rules => parse(readFileSync(RULES_FILE, 'utf8')) as Rules;
export const allRules = (): Rule[] => readRules().groups.flatMap(({ rules }) => rules);
export const alerts = (): Alert[] => allRules().filter((rule): rule is Alert => rule.alert !== undefined);
