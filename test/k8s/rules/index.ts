import { containers } from './containers.js';
import { labels } from './labels.js';
import { network } from './network.js';
import { podSecurity } from './pod-security.js';
import { probes } from './probes.js';
import { references } from './references.js';
import { reliability } from './reliability.js';
import type { Rule } from './rule.js';

/** Restricted pods, and what kube-score, kube-linter and polaris ask for by default, in our words. */
export const RULES: readonly Rule[] = [
  ...podSecurity,
  ...containers,
  ...probes,
  ...reliability,
  ...references,
  ...network,
  ...labels,
];
