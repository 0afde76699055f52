import { SERVICES } from '#contracts';
import { ServiceConfig } from '#service';
import { environmentOf, missingFiles } from './environment.js';
import { type Manifest, nameOf, ofKind, type Workload, workloadsOf } from './manifest.js';
import { metricsDrift } from './metrics-drift.js';
import { networkDrift } from './network-drift.js';
import { release } from './release.js';
import { routeDrift } from './routes.js';
import { classOf, CONFIGS, startProblems, unknownTo } from './variables.js';

/** The services and their migrations, among whatever else is applied. */
export const ownWorkloads = (objects: readonly Manifest[]): Workload[] =>
  workloadsOf(objects).filter(({ labels }) => SERVICES.some((service) => labels['app.kubernetes.io/name'] === service));

const isMigration = ({ object }: Workload): boolean => object.kind === 'Job';
const serviceOf = ({ labels }: Workload): string => labels['app.kubernetes.io/name']!;

/** Where what is applied disagrees with what the code says: a sentence each. */
export function drift(objects: readonly Manifest[]): string[] {
  const own = ownWorkloads(objects);
  return [
    ...own.flatMap((workload) => variableDrift(workload, objects).map((text) => `${nameOf(workload.object)}: ${text}`)),
    ...own.flatMap((workload) => releaseDrift(workload).map((text) => `${nameOf(workload.object)}: ${text}`)),
    ...own.flatMap((workload) => stopDrift(workload, objects).map((text) => `${nameOf(workload.object)}: ${text}`)),
    ...portDrift(own, objects),
    ...routeDrift(objects),
    ...networkDrift(objects),
    ...metricsDrift(
      own.filter((workload) => !isMigration(workload)),
      objects,
    ),
  ];
}

function variableDrift(workload: Workload, objects: readonly Manifest[]): string[] {
  const config = classOf(serviceOf(workload), isMigration(workload));
  const container = workload.containers[0]!;
  const { all, own, shared, parts } = environmentOf(container, objects);
  const foreign = Object.values(CONFIGS).reduce((names, other) => unknownTo(other, names), [...shared]);
  return [
    ...unknownTo(config, own).map((name) => `its configuration knows no ${name}`),
    ...foreign
      .filter((name) => !parts.includes(name) && !usedElsewhere(name, objects))
      .map((name) => `nobody knows ${name}`),
    ...startProblems(config, all).map((problem) => `it would not start: ${problem}`),
    ...missingFiles(container, workload, objects).map((name) => `no volume has the file of ${name}`),
  ];
}

const usedElsewhere = (name: string, objects: readonly Manifest[]): boolean =>
  ownWorkloads(objects).some(({ containers }) => environmentOf(containers[0]!, objects).parts.includes(name));

/** Everything comes from one release, and each release migrates with a job of its own. */
function releaseDrift(workload: Workload): string[] {
  const { object, containers } = workload;
  const version = release();
  const tag = /:([^:@/]+)(@|$)/.exec(containers[0]!.image)?.[1];
  const digest = containers[0]!.image.includes('@');
  return [
    ...(object.metadata.labels?.['app.kubernetes.io/version'] === version ? [] : [`is not labelled ${version}`]),
    ...(digest || tag === version ? [] : [`runs ${containers[0]!.image}, not ${version}`]),
    ...(!isMigration(workload) || object.metadata.name.endsWith(`-${version.replaceAll('.', '-')}`)
      ? []
      : [`is not named after ${version}`]),
  ];
}

/** Time to be told, then to finish, and some to spare before it is killed. */
function stopDrift(workload: Workload, objects: readonly Manifest[]): string[] {
  if (isMigration(workload)) return [];
  const { pod, containers } = workload;
  const sleep = containers[0]!.lifecycle?.preStop?.sleep?.seconds ?? 0;
  const said = environmentOf(containers[0]!, objects).all.STOP_DEADLINE_SECONDS;
  const deadline = Number(said ?? new ServiceConfig().STOP_DEADLINE_SECONDS);
  if (sleep < 5) return ['stops at once, while it is still sent requests'];
  return sleep + deadline < (pod.terminationGracePeriodSeconds ?? 30) ? [] : ['may be killed before its own deadline'];
}

const HTTP_PORT = '3000';

function portDrift(own: readonly Workload[], objects: readonly Manifest[]): string[] {
  return own
    .filter((workload) => !isMigration(workload))
    .flatMap(({ object, containers: [container] }) => {
      const { all } = environmentOf(container!, objects);
      const wanted = {
        http: all.HTTP_PORT ?? HTTP_PORT,
        ...(all.METRICS_PORT ? { metrics: all.METRICS_PORT } : {}),
        ...(all.BOUNCE_SMTP_PORT ? { bounces: all.BOUNCE_SMTP_PORT } : {}),
      };
      const opened = Object.fromEntries(
        (container!.ports ?? []).map(({ name, containerPort }) => [name, String(containerPort)]),
      );
      const same = JSON.stringify(sorted(wanted)) === JSON.stringify(sorted(opened));
      return same
        ? []
        : [`${nameOf(object)}: opens ${JSON.stringify(opened)}, but it listens on ${JSON.stringify(wanted)}`];
    });
}

const sorted = (ports: object): unknown => Object.entries(ports).toSorted(([a], [b]) => a.localeCompare(b));

/** What keeps personal data out of PostgreSQL's log, wherever a server is set up. */
export function logSettings(objects: readonly Manifest[]): (readonly string[])[] {
  const clusters = ofKind(objects, 'Cluster').map(({ spec }) => Object.entries(spec.postgresql.parameters as object));
  const servers = workloadsOf(objects)
    .flatMap(({ containers }) => containers)
    .filter(({ image }) => image.startsWith('postgres:'))
    .map(({ args = [] }) =>
      args.filter((arg) => arg.startsWith('--')).map((arg) => arg.slice(2).split('=') as [string, string]),
    );
  return [...clusters, ...servers].map(logSettingsOf);
}

/** The log settings among others, in one order. */
export const logSettingsOf = (settings: readonly (readonly [string, unknown])[]): string[] =>
  settings
    .filter(([name]) => name.startsWith('log_') && name !== 'log_timezone')
    .map(([name, value]) => `${name}=${String(value)}`)
    .toSorted();
