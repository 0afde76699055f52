import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { repositoryRoot } from '#local';
import { overlays } from './builds.js';
import { staleFiles } from './check.js';
import { dockerfileProblemsOf } from './dockerfiles.js';
import { drift } from './drift.js';
import { EXCEPTIONS } from './exceptions.js';
import { generatedFiles } from './generated.js';
import { type Build, inspect } from './inspect.js';
import { fileInZip } from './kubectl-from-npm.js';
import { findKustomize, parse } from './kustomize.js';
import { logProblems } from './log-settings.js';
import { type Manifest, nameOf } from './manifest.js';
import { schemaProblems } from './schemas.js';

// A broken object is changed in place.
// oxlint-disable-next-line typescript/no-explicit-any
type Change = (object: any) => void;

let builds: Build[];
const named = (name: string): readonly Manifest[] => builds.find((build) => build.name === name)!.objects;

beforeAll(async () => {
  builds = await overlays(await findKustomize());
});

function changed(build: string, changes: Record<string, Change>): Manifest[] {
  const objects = structuredClone(named(build)) as Manifest[];
  for (const [name, change] of Object.entries(changes)) {
    const object = objects.find((one) => nameOf(one).startsWith(name));
    if (!object) throw new Error(`there is no ${name}`);
    change(object);
  }
  return objects;
}

const env =
  (change: (env: { name: string; value: string }[]) => void): Change =>
  ({ spec }) =>
    change(spec.template.spec.containers[0].env);

// Everything at once is npm run k8s:check.
test('When the overlays are checked, then no rule is broken without a reason', () => {
  const overlays = EXCEPTIONS.filter(({ builds: where }) => builds.some(({ name }) => where.test(name)));
  expect(inspect(builds, overlays).findings).toEqual([]);
});

test('When the contracts say something else than a file made from them, then it is found', () => {
  expect(staleFiles()).toEqual([]);
  const changed = [...generatedFiles()].map(
    ([file, text]) => [file, text.replace('partitions: 12', 'partitions: 6')] as const,
  );
  expect(staleFiles(new Map(changed))).toEqual([expect.stringContaining('topics.yaml')]);
});

test('When an alert says something else than the PrometheusRule, then it is found', () => {
  const changed = [...generatedFiles()].map(([file, text]) => [file, text.replace('> 86400', '> 99999')] as const);
  expect(staleFiles(new Map(changed))).toEqual([expect.stringContaining('prometheus-rule.yaml')]);
});

test('When an overlay names its own runbook, then every alert leads there', () => {
  const [{ spec }] = named('production').filter(({ kind }) => kind === 'PrometheusRule') as [Manifest];
  const rules = (spec.groups as { rules: { annotations?: { runbook_url: string } }[] }[]).flatMap(
    (group) => group.rules,
  );
  const addresses = rules.flatMap(({ annotations }) => (annotations ? [annotations.runbook_url] : []));
  expect(addresses.length).toBeGreaterThan(10);
  for (const address of addresses)
    expect(address).toMatch(/^https:\/\/git\.example\.com\/contact-expunge\/runbook\.md#\w+$/);
});

test('When an exception excuses nothing, then that is found', () => {
  const idle = { rules: ['cpu-limit'], builds: /^nowhere$/, objects: /^/, reason: 'none' };
  expect(inspect([], [idle]).findings).toEqual(['an exception excuses nothing: none']);
});

describe('schemas', () => {
  const WRONG: [string, string, Change, RegExp][] = [
    ['a field nobody knows', 'Deployment/contact', ({ spec }) => (spec.replica = 2), /replica/],
    [
      'one deep inside',
      'Deployment/contact',
      ({ spec }) => (spec.template.spec.containers[0].volumeMounts[0].path = '/'),
      /path/,
    ],
    ['a misspelt field', 'PodDisruptionBudget/contact', ({ spec }) => (spec.maxUnavailble = 1), /maxUnavailble/],
    ['a value of another type', 'Service/contact', ({ spec }) => (spec.ports[0].port = 'http'), /port/],
    ['a value out of its list', 'Deployment/contact', ({ spec }) => (spec.strategy.type = 'Rolling'), /strategy/],
    ['something missing', 'Deployment/contact', ({ spec }) => delete spec.selector, /selector/],
    ['a kind nobody has', 'Service/contact', (object) => (object.kind = 'Servise'), /no Servise/],
    [
      'a field nobody knows in a KafkaTopic',
      'KafkaTopic/contact.events',
      ({ spec }) => (spec.partition = 1),
      /partition/,
    ],
    [
      'an operation Kafka has not',
      'KafkaUser/contact',
      ({ spec }) => (spec.authorization.acls[0].operations = ['Reed']),
      /enum|allowed/,
    ],
    ['a user without rights', 'KafkaUser/contact', ({ spec }) => delete spec.authorization, /authorization/],
    ['a field nobody knows in a Cluster', 'Cluster/database', ({ spec }) => (spec.instance = 3), /instance/],
    [
      'a field nobody knows in a ScaledObject',
      'ScaledObject/privacy',
      ({ spec }) => (spec.minReplicas = 3),
      /minReplicas/,
    ],
    ['a field nobody knows in an HTTPRoute', 'HTTPRoute/contact', ({ spec }) => (spec.hosts = []), /hosts/],
    [
      'a field nobody knows in an ExternalSecret',
      'ExternalSecret/contact',
      ({ spec }) => (spec.secrets = []),
      /secrets/,
    ],
    ['a field nobody knows in a PodMonitor', 'PodMonitor/database', ({ spec }) => (spec.endpoints = []), /endpoints/],
    [
      'a field nobody knows in a PrometheusRule',
      'PrometheusRule/',
      ({ spec }) => (spec.groups[0].rules[0].name = 'x'),
      /name/,
    ],
    ['a field nobody knows in a Certificate', 'Certificate/public', ({ spec }) => (spec.hosts = []), /hosts/],
  ];
  let problems: string[];

  // All at once: the compiler reads the types once.
  beforeAll(async () => {
    const broken = WRONG.map(([, object, change], n) => {
      const copy = structuredClone(named('production').find((one) => nameOf(one).startsWith(object))!);
      change(copy);
      return { ...copy, metadata: { ...copy.metadata, name: `broken-${n}.` } };
    });
    problems = await schemaProblems(broken);
  }, 60_000);

  test.each(WRONG.map(([what, , , problem], n) => [what, n, problem] as const))(
    'When an object has %s, then it is refused',
    (_, n, problem) => {
      const own = problems.filter((text) => text.includes(`/broken-${n}.:`));
      expect(own).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
    },
  );
});

describe('drift', () => {
  const DRIFT: [string, string, Record<string, Change>, RegExp][] = [
    [
      'a variable nobody knows',
      'production',
      { 'Deployment/contact': env((all) => all.push({ name: 'SEAL_FILE', value: '/x' })) },
      /knows no SEAL_FILE/,
    ],
    [
      'a shared variable nobody knows',
      'production',
      { 'ConfigMap/platform': ({ data }) => (data.KAFKA_HOSTS = 'x:1') },
      /nobody knows KAFKA_HOSTS/,
    ],
    [
      'a variable that is missing',
      'production',
      { 'ConfigMap/platform': ({ data }) => delete data.OIDC_ISSUER },
      /OIDC_ISSUER is missing/,
    ],
    [
      'a value it would not take',
      'production',
      { 'ConfigMap/platform': ({ data }) => (data.LOG_LEVEL = 'loud') },
      /LOG_LEVEL/,
    ],
    [
      'a migration with a secret of the service',
      'production',
      { 'Job/contact': env((all) => all.push({ name: 'SEAL_KEYRING_FILE', value: '/secrets/x' })) },
      /knows no SEAL_KEYRING_FILE/,
    ],
    [
      'a file no volume has',
      'production',
      { 'ExternalSecret/privacy-service': ({ spec }) => (spec.data[0].secretKey = 'keys.json') },
      /no volume has the file of CERTIFICATE_KEYS_FILE/,
    ],
    [
      'another port',
      'production',
      { 'Deployment/contact': ({ spec }) => (spec.template.spec.containers[0].ports[0].containerPort = 8080) },
      /opens/,
    ],
    [
      'metrics on another port',
      'production',
      { 'ConfigMap/platform': ({ data }) => (data.METRICS_PORT = '9999') },
      /opens .*9464.* but it listens on .*9999/,
    ],
    [
      'a deadline beyond the grace period',
      'production',
      { 'ConfigMap/platform': ({ data }) => (data.STOP_DEADLINE_SECONDS = '55') },
      /killed before its own deadline/,
    ],
    [
      'no pause before it stops',
      'production',
      { 'Deployment/contact': ({ spec }) => delete spec.template.spec.containers[0].lifecycle },
      /stops at once/,
    ],
    [
      'an image of another release',
      'staging',
      { 'Deployment/contact': ({ spec }) => (spec.template.spec.containers[0].image = 'contact-service:0.0.9') },
      /0\.0\.9/,
    ],
    [
      'a migration of another release',
      'production',
      { 'Job/contact': ({ metadata }) => (metadata.name = 'contact-migrate-0-0-9') },
      /not named after/,
    ],
    [
      'a route that does not lead inside',
      'production',
      { 'HTTPRoute/contact': ({ spec }) => spec.rules[0].matches.splice(1, 1) },
      /\/r\/:token cannot be reached/,
    ],
    [
      'health opened to everybody',
      'staging',
      { 'Ingress/contact': ({ spec }) => (spec.rules[0].http.paths[0].path = '/health') },
      /can be reached from outside/,
    ],
    [
      'links that lead elsewhere',
      'production',
      { 'ConfigMap/platform': ({ data }) => (data.PRIVACY_HOST = 'other.example.com') },
      /lead to other/,
    ],
    [
      'a host without a certificate',
      'production',
      { 'Certificate/public': ({ spec }) => spec.dnsNames.pop() },
      /no certificate/,
    ],
    [
      'brokers on a port that is closed',
      'production',
      { 'ConfigMap/platform': ({ data }) => (data.KAFKA_BROKERS = 'kafka:9999') },
      /does not open port 9999/,
    ],
    [
      'a service nobody measures',
      'production',
      {
        'PodMonitor/services': ({ spec }) => (spec.selector.matchLabels['app.kubernetes.io/name'] = 'contact-service'),
      },
      /privacy-service: its metrics are read by 0 PodMonitors/,
    ],
    [
      'a port for metrics that is not there',
      'staging',
      { 'PodMonitor/services': ({ spec }) => (spec.podMetricsEndpoints[0].port = 'prometheus') },
      /has no port prometheus/,
    ],
    [
      'metrics under another job than the rules look at',
      'production',
      { 'PodMonitor/services': ({ spec }) => (spec.jobLabel = 'app.kubernetes.io/name') },
      /not those of job contact-expunge/,
    ],
    [
      'metrics without the name of the service',
      'production',
      { 'PodMonitor/services': ({ spec }) => delete spec.podMetricsEndpoints[0].relabelings },
      /do not carry its name/,
    ],
    [
      'an alert that was switched off',
      'production',
      { 'PrometheusRule/contact-expunge': ({ spec }) => spec.groups[1].rules.pop() },
      /0 PrometheusRules hold the rules/,
    ],
  ];
  test.each(DRIFT)('When there is %s, then it is found', (_, build, changes, problem) => {
    expect(drift(named(build))).toEqual([]);
    expect(drift(changed(build, changes))).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
  });

  test('When a PostgreSQL would log statements, then it is found', () => {
    const loud: Change = ({ spec }) => (spec.postgresql.parameters.log_statement = 'all');
    expect(logProblems(changed('production', { 'Cluster/database': loud }))).toHaveLength(1);
  });
});

describe('Dockerfiles', () => {
  const text = readFileSync(join(repositoryRoot(), 'apps', 'contact-service', 'Dockerfile'), 'utf8');
  test.each([
    ['it takes any version of its base', /node:24[\w.-]+/, 'node:latest'],
    ['it runs as root', 'USER 10001:10001', 'USER root'],
    ['it needs a shell in the last stage', 'USER 10001:10001', 'RUN rm -rf /tmp/x\nUSER 10001:10001'],
    ['it starts by a shell', /ENTRYPOINT .*/, 'ENTRYPOINT node main.js'],
    ['its heap grows by other rules', '--heap-growing-percent=70', '--heap-growing-percent=10'],
    ['it is labelled with another release', /ARG VERSION=.*/, 'ARG VERSION=0.0.9'],
  ])('When %s, then that is found', (_, from, to) => {
    expect(dockerfileProblemsOf(text)).toEqual([]);
    expect(dockerfileProblemsOf(text.replace(from, to))).toHaveLength(1);
  });
});

test('When YAML says a key twice, then it is refused', () => {
  expect(() => parse('kind: A\nkind: B\n')).toThrow(/unique/i);
});

test('When a file is read out of a ZIP archive, then it is what was put in', () => {
  const content = Buffer.from('kubectl, as it were '.repeat(50));
  const data = deflateRawSync(content);
  const name = Buffer.from('kubectl/kubectl');
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(8, 10);
  central.writeUInt32LE(data.length, 20);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(local.length + name.length + data.length, 16);
  const zip = Buffer.concat([local, name, data, central, name, end]);
  expect(fileInZip(zip, 'kubectl/kubectl')).toEqual(content);
  expect(() => fileInZip(zip, 'other')).toThrow('not in the archive');
});
