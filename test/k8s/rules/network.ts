import { type Manifest, nameOf, ofKind, selects, type Workload, workloadsOf } from '../manifest.js';
import { type Finding, objectRule, type Rule } from './rule.js';

interface Direction {
  readonly to?: readonly object[];
  readonly from?: readonly object[];
  readonly ports?: readonly { readonly port?: string | number }[];
}

const MAIL_PORTS = new Set<unknown>([25, 465, 587, 2525]);
const DATABASE_PORT = 5432;

const policiesOf = (objects: readonly Manifest[], { labels }: Workload): Manifest[] =>
  ofKind(objects, 'NetworkPolicy').filter(({ spec }) => selects(spec.podSelector, labels));

const egressPorts = (policies: readonly Manifest[]): unknown[] =>
  policies.flatMap(({ spec }) =>
    ((spec.egress ?? []) as Direction[]).flatMap(({ ports = [] }) => ports.map(({ port }) => port)),
  );

/** A rule about what each pod may reach and be reached by; holds only where anything is said about the network. */
function reachRule(
  id: string,
  from: string,
  problem: (workload: Workload, policies: readonly Manifest[]) => string | undefined,
): Rule {
  const check = (objects: readonly Manifest[]): Finding[] =>
    workloadsOf(objects).flatMap((workload) => {
      const text = problem(workload, policiesOf(objects, workload));
      return text ? [{ object: nameOf(workload.object), problem: text }] : [];
    });
  return { id, from, check };
}

const explicit = ({ to, from, ports }: Direction): boolean =>
  [to ?? from, ports].every((list) => list && list.length > 0) &&
  [...(to ?? []), ...(from ?? [])].every((peer) =>
    Object.values(peer).some((value) => Object.keys(value as object).length > 0),
  );

export const network: readonly Rule[] = [
  reachRule('isolated-both-ways', 'kube-score, polaris', (_, policies) => {
    const types = new Set(policies.flatMap(({ spec }) => spec.policyTypes as string[]));
    return types.has('Ingress') && types.has('Egress') ? undefined : 'no policy says whom it may talk to';
  }),
  objectRule('denied-by-default', 'ours', ['Namespace'], ({ metadata }, all) => {
    const denies = ofKind(all, 'NetworkPolicy').some(
      ({ metadata: own, spec }) =>
        own.namespace === metadata.name &&
        Object.keys(spec.podSelector).length === 0 &&
        spec.policyTypes.length === 2 &&
        !spec.ingress &&
        !spec.egress,
    );
    return denies ? undefined : 'pods may talk to anything that no policy mentions';
  }),
  objectRule('explicit-peers', 'ours: never `- {}`', ['NetworkPolicy'], ({ spec }) => {
    const directions = [...(spec.ingress ?? []), ...(spec.egress ?? [])] as Direction[];
    return directions.every(explicit) ? undefined : 'lets anybody in or out, or through any port';
  }),
  reachRule('only-notification-mails', 'ours: nobody else talks to a mail server', ({ labels }, policies) => {
    if (labels['app.kubernetes.io/name'] === 'notification-service') return undefined;
    return egressPorts(policies).some((port) => MAIL_PORTS.has(port)) ? 'may talk to mail servers' : undefined;
  }),
  reachRule('migration-reaches-database-only', 'ours', ({ labels }, policies) => {
    if (labels['app.kubernetes.io/component'] !== 'migrate') return undefined;
    const others = egressPorts(policies).filter((port) => port !== 53 && port !== DATABASE_PORT);
    return others.length > 0 ? `may reach port ${String(others[0])}` : undefined;
  }),
];
