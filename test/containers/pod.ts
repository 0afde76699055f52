import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repositoryRoot } from '#local';
import { environmentOf } from '../k8s/environment.js';
import { type Manifest, nameOf, ofKind, type Volume, type Workload, workloadsOf } from '../k8s/manifest.js';
import type { Restricted } from './restricted.js';

/** What the image says, and how the manifest starts it. */
const IMAGE = { NODE_ENV: 'production' };

/** A pod of what is applied, as a restricted program of this machine. Its Secrets are written below `folder`. */
export function asRestricted(name: string, objects: readonly Manifest[], folder: string): Restricted {
  const workload = workloadsOf(objects).find(({ object }) => nameOf(object) === name)!;
  const { pod, labels, containers } = workload;
  const container = containers[0]!;
  const service = labels['app.kubernetes.io/name']!;
  const { runAsUser: user = 0, runAsGroup: group = 0, fsGroup = 0 } = pod.securityContext ?? {};
  return {
    args: [...entrypointOf(service), ...(container.args ?? [])],
    env: { ...IMAGE, ...environmentOf(container, objects).all },
    user,
    group,
    tmpSize: tmpSizeOf(workload),
    mounts: { ...imageOf(service), ...secretsOf(workload, objects, { folder: join(folder, name), group: fsGroup }) },
  };
}

/** What Node is started with: flags, and the program below the folder of the image. */
function entrypointOf(service: string): string[] {
  const dockerfile = readFileSync(join(repositoryRoot(), 'apps', service, 'Dockerfile'), 'utf8');
  const [, words] = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)!;
  const [, ...args] = JSON.parse(words!) as string[];
  return args.map((arg) => (arg.startsWith('--') ? arg : `/app/${arg}`));
}

/** What the last stage of the Dockerfile copies. */
function imageOf(service: string): Record<string, string> {
  const copied = ['package.json', 'node_modules', 'dist/libs', `dist/apps/${service}/src`];
  return Object.fromEntries(copied.map((path) => [`/app/${path}`, join(repositoryRoot(), path)]));
}

function tmpSizeOf({ pod, containers }: Workload): string {
  const { name } = containers[0]!.volumeMounts!.find(({ mountPath }) => mountPath === '/tmp')!;
  const size = pod.volumes!.find((volume) => volume.name === name)!.emptyDir!.sizeLimit!;
  return size.replace('Mi', 'm');
}

function secretsOf(
  { pod, containers }: Workload,
  objects: readonly Manifest[],
  { folder, group }: { folder: string; group: number },
): Record<string, string> {
  const mounts = containers[0]!.volumeMounts!.filter(({ mountPath }) => mountPath !== '/tmp');
  const entries = mounts.map(({ name, mountPath }) => {
    const volume = pod.volumes!.find((one) => one.name === name)!;
    const place = join(folder, name);
    for (const [path, content] of filesOf(volume, objects)) writeAsKubelet(join(place, path), content, group);
    return [mountPath, place];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}

function filesOf({ projected }: Volume, objects: readonly Manifest[]): [path: string, content: Buffer][] {
  return (projected?.sources ?? []).flatMap(({ secret }) => {
    const found = ofKind(objects, 'Secret').find(({ metadata }) => metadata.name === secret!.name);
    const data = found?.data ?? {};
    const items = secret!.items ?? Object.keys(data).map((key) => ({ key, path: key }));
    return items.map(({ key, path }): [string, Buffer] => [path, Buffer.from(data[key]!, 'base64')]);
  });
}

/** Readable by the group of the pod (fsGroup), and by nobody else. */
function writeAsKubelet(path: string, content: Buffer, group: number): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { mode: 0o440 });
  chmodSync(path, 0o440);
  chownSync(path, 0, group);
}
