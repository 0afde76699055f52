/** What a rule finds and is left as it is: where, what, and why. One that no longer excuses anything is itself a finding. */
export interface Exception {
  readonly rules: readonly string[];
  /** Overlays by their names, or `base with components` for everything that is put together out of parts. */
  readonly builds: RegExp;
  readonly objects: RegExp;
  readonly reason: string;
}

const EVERYWHERE = /^/;
const PARTS = /^base with /;
const LOCAL = /^local$/;

export const EXCEPTIONS: readonly Exception[] = [
  {
    rules: ['instance-is-name'],
    builds: EVERYWHERE,
    objects: /^Job\/.+-migrate-/,
    reason: 'the name of a migration carries the release; it belongs to the instance of its service',
  },
  {
    rules: ['isolated-both-ways', 'denied-by-default', 'secret-has-source'],
    builds: PARTS,
    objects: EVERYWHERE,
    reason: 'a part of a whole: network-policies and external-secrets are components of their own',
  },
  {
    rules: ['targets-exist'],
    builds: PARTS,
    objects: /\/database-metrics$|^PodMonitor\//,
    reason: 'prometheus-operator reads the servers of cloudnative-pg where those are',
  },
  {
    rules: ['cpu-limit'],
    builds: PARTS,
    objects: /^(Deployment\/.+-service|Job\/.+-migrate-.+)$/,
    reason: 'that is what no-cpu-limits is for',
  },
  {
    rules: ['pull-always'],
    builds: LOCAL,
    objects: EVERYWHERE,
    reason: 'images are loaded into the cluster from the machine; no registry has them',
  },
  {
    rules: ['isolated-both-ways', 'denied-by-default'],
    builds: LOCAL,
    objects: EVERYWHERE,
    reason: 'a cluster for one person, often with a network that knows no policies',
  },
  {
    rules: ['autoscaler-bounds'],
    builds: LOCAL,
    objects: /^HorizontalPodAutoscaler\//,
    reason: 'one machine: a second pod would not make anything safer',
  },
  {
    rules: [
      'two-or-more',
      'disruption-budget',
      'spread',
      'anti-affinity',
      'rolls-without-gap',
      'bounded-history',
      'own-service-account',
    ],
    builds: LOCAL,
    objects: /\/(identity|kafka|mail|postgres|prepare)$/,
    reason: 'stand-ins for servers that a real deployment has elsewhere; one of each, thrown away with the cluster',
  },
  {
    rules: ['user-and-group', 'read-only-root'],
    builds: LOCAL,
    objects: /^StatefulSet\/kafka$/,
    reason: 'the image of Apache Kafka writes its configuration as its own user (1000) when it starts',
  },
];
