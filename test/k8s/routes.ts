import { ROUTES, SERVICES, type ServiceName } from '#contracts';
import { type Manifest, ofKind } from './manifest.js';

interface PublicRoute {
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
}

/** Where a service can be reached from outside, by HTTPRoute or Ingress. */
function publicRoutesOf(service: string, objects: readonly Manifest[]): PublicRoute[] {
  const routes = ofKind(objects, 'HTTPRoute').filter(({ metadata }) => metadata.name === service);
  const ingresses = ofKind(objects, 'Ingress').filter(({ metadata }) => metadata.name === service);
  return [
    ...routes.map(({ spec }) => ({
      hosts: spec.hostnames as string[],
      paths: (spec.rules as { matches: { path: { value: string } }[] }[]).flatMap(({ matches }) =>
        matches.map(({ path }) => path.value),
      ),
    })),
    ...ingresses.map(({ spec }) => ({
      hosts: (spec.rules as { host: string }[]).map(({ host }) => host),
      paths: (spec.rules as { http: { paths: { path: string }[] } }[]).flatMap(({ http }) =>
        http.paths.map(({ path }) => path),
      ),
    })),
  ];
}

const under = (prefix: string, path: string): boolean => path === prefix || path.startsWith(`${prefix}/`);

/** Routes that nobody outside reaches although they should, or the other way round; addresses that lead elsewhere. */
export function routeDrift(objects: readonly Manifest[]): string[] {
  const settings = Object.assign({}, ...ofKind(objects, 'ConfigMap').map(({ data }) => data ?? {})) as Record<
    string,
    string
  >;
  const certified = ofKind(objects, 'Certificate').flatMap(({ spec }) => spec.dnsNames as string[]);
  return SERVICES.flatMap((service) =>
    publicRoutesOf(service, objects).flatMap((route) => [
      ...pathDrift(service, route),
      ...hostDrift(service, route, settings),
      ...(certified.length === 0 ? [] : route.hosts.filter((host) => !certified.includes(host))).map(
        (host) => `${service}: no certificate is for ${host}`,
      ),
    ]),
  );
}

function pathDrift(service: ServiceName, { paths }: PublicRoute): string[] {
  const declared = Object.keys(ROUTES[service]).map((route) => route.split(' ')[1]!);
  const reached = declared.filter((path) => paths.some((prefix) => under(prefix, path)));
  return [
    ...declared
      .filter((path) => !path.startsWith('/health') && !reached.includes(path))
      .map((path) => `${service}: ${path} cannot be reached from outside`),
    ...reached
      .filter((path) => path.startsWith('/health'))
      .map((path) => `${service}: ${path} can be reached from outside`),
    ...paths
      .filter((prefix) => !declared.some((path) => under(prefix, path)))
      .map((prefix) => `${service}: nothing answers below ${prefix}`),
  ];
}

function hostDrift(service: ServiceName, { hosts }: PublicRoute, settings: Record<string, string>): string[] {
  const wanted = settings[`${service.split('-')[0]!.toUpperCase()}_HOST`];
  return wanted === undefined || hosts.includes(wanted)
    ? []
    : [`${service}: mails and pages lead to ${wanted}, but it answers at ${hosts.join(', ')}`];
}
