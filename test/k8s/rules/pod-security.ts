import type { Volume } from '../manifest.js';
import { containerRule, objectRule, podRule, type Rule } from './rule.js';

const RESTRICTED = 'Pod Security Standards, restricted';
const VOLUMES = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

const kindOf = (volume: Volume): string => Object.keys(volume).find((key) => key !== 'name') ?? '';

/** https://kubernetes.io/docs/concepts/security/pod-security-standards, what is set on the pod holds for its containers. */
export const podSecurity: readonly Rule[] = [
  containerRule('run-as-non-root', RESTRICTED, ({ securityContext: own }, { pod }) =>
    (own?.runAsNonRoot ?? pod.securityContext?.runAsNonRoot) === true ? undefined : 'may run as root',
  ),
  containerRule('no-root-user', RESTRICTED, ({ securityContext: own }, { pod }) =>
    (own?.runAsUser ?? pod.securityContext?.runAsUser) === 0 ? 'runs as user 0' : undefined,
  ),
  containerRule('seccomp', RESTRICTED, ({ securityContext: own }, { pod }) => {
    const type = (own?.seccompProfile ?? pod.securityContext?.seccompProfile)?.type;
    return type === 'RuntimeDefault' || type === 'Localhost' ? undefined : 'has no seccomp profile';
  }),
  containerRule('no-privilege-escalation', RESTRICTED, ({ securityContext: own }) =>
    own?.allowPrivilegeEscalation === false ? undefined : 'may gain privileges',
  ),
  containerRule('not-privileged', RESTRICTED, ({ securityContext: own }) =>
    own?.privileged ? 'is privileged' : undefined,
  ),
  containerRule('drop-all-capabilities', RESTRICTED, ({ securityContext: own }) => {
    if (!own?.capabilities?.drop?.includes('ALL')) return 'does not drop ALL capabilities';
    const added = (own.capabilities.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE');
    return added.length > 0 ? `adds capabilities ${added.join(', ')}` : undefined;
  }),
  podRule('no-host-namespaces', RESTRICTED, ({ pod }) =>
    pod.hostNetwork || pod.hostPID || pod.hostIPC ? 'shares a namespace with its host' : undefined,
  ),
  podRule('no-host-ports', RESTRICTED, ({ containers }) =>
    containers.some(({ ports = [] }) => ports.some((port) => 'hostPort' in port))
      ? 'takes a port of its host'
      : undefined,
  ),
  podRule('volume-kinds', RESTRICTED, ({ pod }) => {
    const others = (pod.volumes ?? []).map(kindOf).filter((kind) => !VOLUMES.has(kind));
    return others.length > 0 ? `mounts ${others.join(', ')}` : undefined;
  }),
  objectRule('namespace-restricted', RESTRICTED, ['Namespace'], ({ metadata: { labels = {} } }) =>
    labels['pod-security.kubernetes.io/enforce'] === 'restricted' ? undefined : 'does not enforce restricted pods',
  ),
];
