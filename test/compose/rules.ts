import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES } from '#contracts';
import { repositoryRoot } from '#local';
import { ServiceConfig } from '#service';
import { classOf, isFile, startProblems, tellingVariables, unknownTo, type Variables } from '../k8s/variables.js';
import type { Compose, ComposeService } from './compose.js';

const OURS = /^contact-expunge\/[\w-]+:local$/;
/** A version that does not move: at least two numbers, no word alone. */
const FIXED = /^[\w./-]+:v?\d+\.\d+[\w.-]*$/;
const HTTP_PORT = '3000';

type Entry = readonly [name: string, service: ComposeService];

const runsOnce = ({ restart }: ComposeService): boolean => restart === undefined || restart === 'no';

/** What a service is told, as strings; whoever is not one of ours is told what its image knows. */
export function variablesIn({ environment = {} }: ComposeService): Variables {
  const entries = Object.entries(environment).map(([name, value]) => [
    name,
    String(value).replace(/^\$\{\w+:-(.*)\}$/, '$1'),
  ]);
  return Object.fromEntries(entries) as Variables;
}

/** The service of ours that a container runs, if any. */
function ownService({ image = '' }: ComposeService): string | undefined {
  return SERVICES.find((service) => image.startsWith(`contact-expunge/${service}:`));
}

const migrates = ({ command = [] }: ComposeService): boolean => command[0] === 'migrate';

/** Everything that is wrong with a compose file, a sentence each. */
export function composeProblems(compose: Compose): string[] {
  const entries = Object.entries(compose.services);
  return [
    ...entries.flatMap(([name, service]) =>
      serviceProblems([name, service], compose).map((text) => `${name}: ${text}`),
    ),
    ...circles(compose),
  ];
}

function serviceProblems(entry: Entry, compose: Compose): string[] {
  const [, service] = entry;
  return [
    ...imageProblems(service),
    ...(runsOnce(service) || service.healthcheck?.test ? [] : ['runs on and has no health check']),
    ...(service.mem_limit ? [] : ['has no memory limit']),
    ...(service.ports ?? [])
      .filter((port) => !port.startsWith('127.0.0.1:'))
      .map((port) => `opens ${port} to everybody`),
    ...dependencyProblems(service, compose),
    ...volumeProblems(service, compose),
    ...(ownService(service) ? ownProblems(service) : []),
  ];
}

function imageProblems({ image = '', build }: ComposeService): string[] {
  if (OURS.test(image)) return [];
  if (build) return [`builds ${image}, which is not named as one of ours`];
  return FIXED.test(image) ? [] : [`${image || 'its image'} is no fixed version`];
}

function dependencyProblems(
  { depends_on: dependencies = {}, profiles = [] }: ComposeService,
  compose: Compose,
): string[] {
  return Object.entries(dependencies).flatMap(([name, { condition }]) => {
    const other = compose.services[name];
    if (!other) return [`waits for ${name}, which is not there`];
    if (other.profiles && !other.profiles.some((profile) => profiles.includes(profile)))
      return [`waits for ${name}, which is started with profile ${other.profiles.join(', ')} only`];
    if (condition === 'service_completed_successfully')
      return runsOnce(other) ? [] : [`waits for the end of ${name}, which runs on`];
    if (condition !== 'service_healthy') return [`does not wait until ${name} works (${condition})`];
    return other.healthcheck?.test ? [] : [`waits for the health of ${name}, which has no health check`];
  });
}

function volumeProblems({ volumes = [], environment = {} }: ComposeService, { volumes: declared }: Compose): string[] {
  const mounts = volumes.map((text) => text.split(':') as [string, string, string?]);
  const ofRepository = mounts.filter(([name]) => name.startsWith('./'));
  const files = Object.entries(environment).filter(([name]) => isFile(name));
  return [
    ...mounts
      .filter((mount) => !ofRepository.includes(mount) && !(mount[0] in declared))
      .map(([name]) => `mounts ${name}, which is not declared`),
    ...ofRepository.flatMap(([path, , mode]) => [
      ...(existsSync(join(repositoryRoot(), path)) ? [] : [`mounts ${path}, which is not there`]),
      ...(mode === 'ro' ? [] : [`may write to ${path}`]),
    ]),
    ...files
      .filter(([, path]) => !mounts.some(([, folder]) => String(path).startsWith(`${folder}/`)))
      .map(([name]) => `no volume has the file of ${name}`),
  ];
}

function ownProblems(service: ComposeService): string[] {
  const config = classOf(ownService(service)!, migrates(service));
  const variables = variablesIn(service);
  return [
    ...unknownTo(config, Object.keys(variables)).map((name) => `its configuration knows no ${name}`),
    ...startProblems(config, variables).map((problem) => `it would not start: ${problem}`),
    ...(migrates(service) ? [] : servingProblems(service, variables)),
  ];
}

function servingProblems(
  { ports = [], healthcheck, stop_grace_period: grace = '10s' }: ComposeService,
  variables: Variables,
): string[] {
  const inside = ports.map((port) => port.split(':').at(-1)!);
  const wanted = [HTTP_PORT, ...(variables.BOUNCE_SMTP_PORT ? [variables.BOUNCE_SMTP_PORT] : [])];
  const deadline = Number(variables.STOP_DEADLINE_SECONDS ?? new ServiceConfig().STOP_DEADLINE_SECONDS);
  return [
    ...(inside.join() === wanted.join()
      ? []
      : [`publishes ${inside.join(', ')}, but it listens on ${wanted.join(', ')}`]),
    ...(JSON.stringify(healthcheck).includes(`:${HTTP_PORT}/health/ready`) ? [] : ['is not asked whether it is ready']),
    ...(Number.parseInt(grace, 10) > deadline ? [] : ['may be killed before its own deadline']),
  ];
}

/** Names that wait for themselves by way of others. */
function circles({ services }: Compose): string[] {
  const waitsFor = (name: string, seen: readonly string[]): boolean =>
    Object.keys(services[name]?.depends_on ?? {}).some(
      (next) => seen.includes(next) || waitsFor(next, [...seen, next]),
    );
  return Object.keys(services)
    .filter((name) => waitsFor(name, [name]))
    .map((name) => `${name}: waits for itself`);
}

/** Where the services are told different things here and in a cluster on one machine: names, and the limits of Node. */
export function differences(compose: Compose, inCluster: Readonly<Record<string, Variables>>): string[] {
  return Object.entries(compose.services).flatMap(([name, service]) => {
    const own = ownService(service);
    const there = inCluster[migrates(service) ? `${own}/migrate` : own!];
    if (!own || !there) return own ? [`${name}: k8s/ has no such pods`] : [];
    const config = classOf(own, migrates(service));
    const [here, cluster] = [variablesIn(service), there].map((variables) => tellingVariables(config, variables));
    return [
      ...here!
        .filter((variable) => !cluster!.includes(variable))
        .map((variable) => `${name}: k8s/ does not set ${variable}`),
      ...cluster!
        .filter((variable) => !here!.includes(variable))
        .map((variable) => `${name}: k8s/ also sets ${variable}`),
    ].filter((text) => !/ (NODE_OPTIONS|MALLOC_\w+)$/.test(text) || !migrates(service));
  });
}
