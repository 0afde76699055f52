import { type Manifest, ofKind } from './manifest.js';

const portsOf = (address: string | undefined): number[] =>
  (address ?? '').split(',').map((one) => Number(/:(\d+)$/.exec(one)?.[1]));

/** Whether the ports that may be reached are those of the addresses that are configured. */
export function networkDrift(objects: readonly Manifest[]): string[] {
  const policies = ofKind(objects, 'NetworkPolicy');
  if (policies.length === 0) return [];
  const settings = Object.assign({}, ...ofKind(objects, 'ConfigMap').map(({ data }) => data ?? {})) as Record<
    string,
    string
  >;
  const smtp = settings.SMTP_URL ? [Number(new URL(settings.SMTP_URL).port)] : [];
  const wanted: [policy: string, ports: number[]][] = [
    ['database', portsOf(settings.DATABASE_HOST)],
    ['kafka', portsOf(settings.KAFKA_BROKERS)],
    ['mail-server', smtp],
  ];
  return wanted.flatMap(([name, ports]) => {
    const policy = policies.find(({ metadata }) => metadata.name === name);
    if (!policy) return [];
    const open = (policy.spec.egress as { ports: { port: number }[] }[]).flatMap((rule) =>
      rule.ports.map(({ port }) => port),
    );
    return ports
      .filter((port) => !open.includes(port))
      .map((port) => `NetworkPolicy/${name}: does not open port ${port}`);
  });
}
