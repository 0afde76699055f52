import { type Container, type Manifest, ofKind, type Volume, type Workload } from './manifest.js';
import { expanded, isFile, usedInValues, type Variables } from './variables.js';

/** What one container finds in its environment, and where each variable is said. */
export interface Environment {
  /** Expanded, as the process sees them. */
  readonly all: Variables;
  /** Said in the container itself, for this service alone. */
  readonly own: readonly string[];
  /** Said in a ConfigMap that all services share. */
  readonly shared: readonly string[];
  /** Those whose only use is to be put into others. */
  readonly parts: readonly string[];
}

export function environmentOf(container: Container, objects: readonly Manifest[]): Environment {
  const maps = (container.envFrom ?? []).map(({ configMapRef: map }) =>
    ofKind(objects, 'ConfigMap').find(({ metadata }) => metadata.name === map?.name),
  );
  const shared = Object.assign({}, ...maps.map((map) => map?.data ?? {})) as Record<string, string>;
  const own = Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value ?? '']));
  const raw = { ...shared, ...own };
  return { all: expanded(raw), own: Object.keys(own), shared: Object.keys(shared), parts: usedInValues(raw) };
}

/** The `_FILE` variables whose file nothing puts there: no volume, or a Secret without that key. */
export function missingFiles(container: Container, { pod }: Workload, objects: readonly Manifest[]): string[] {
  const { all } = environmentOf(container, objects);
  const files = Object.entries(all).filter(([name, value]) => isFile(name) && value !== '');
  return files.filter(([, path]) => !mounted(path, container, pod.volumes ?? [], objects)).map(([name]) => name);
}

function mounted(path: string, container: Container, volumes: readonly Volume[], all: readonly Manifest[]): boolean {
  return (container.volumeMounts ?? []).some(({ name, mountPath }) => {
    if (!path.startsWith(`${mountPath}/`)) return false;
    const volume = volumes.find((one) => one.name === name);
    return volume !== undefined && filesOf(volume, all).includes(path.slice(mountPath.length + 1));
  });
}

function filesOf({ secret, projected }: Volume, objects: readonly Manifest[]): string[] {
  const sources = [
    ...(secret ? [{ name: secret.secretName, items: secret.items }] : []),
    ...(projected?.sources ?? []).flatMap((source) => (source.secret ? [source.secret] : [])),
  ];
  return sources.flatMap(({ name, items }) => {
    const keys = keysOf(name, objects);
    return items ? items.filter(({ key }) => keys.includes(key)).map((item) => item.path) : keys;
  });
}

/** What the Secret of this name holds, by whatever makes it. */
function keysOf(name: string, objects: readonly Manifest[]): string[] {
  const secret = ofKind(objects, 'Secret').find(({ metadata }) => metadata.name === name);
  if (secret) return Object.keys(secret.data ?? {});
  const external = ofKind(objects, 'ExternalSecret').find(({ spec }) => spec.target.name === name);
  if (external) return (external.spec.data as { secretKey: string }[]).map(({ secretKey }) => secretKey);
  if (ofKind(objects, 'Certificate').some(({ spec }) => spec.secretName === name))
    return ['tls.crt', 'tls.key', 'ca.crt'];
  const cluster = ofKind(objects, 'Cluster').some(({ metadata }) => name === `${metadata.name}-ca`);
  return cluster ? ['ca.crt', 'ca.key'] : [];
}
