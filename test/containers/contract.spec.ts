import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SERVICES, type ServiceName } from '#contracts';
import {
  Api,
  type IdentityProvider,
  type KafkaBroker,
  type MailInbox,
  type PostgresServer,
  freePort,
  startIdentityProvider,
  startKafka,
  startMailInbox,
  startPostgres,
  waitUntil,
} from '#local';
import { createTopics } from '#messaging';
import { databaseOf } from '../../apps/local/src/catalogue.js';
import { overlays } from '../k8s/builds.js';
import { findKustomize, overlayFolder } from '../k8s/kustomize.js';
import { type Manifest, nameOf, workloadsOf } from '../k8s/manifest.js';
import { aCompany, type Company, deleteAccount, signUp, type TestSystem, untilState } from '../support/test-system.js';
import { asRestricted } from './pod.js';
import { assertCanRestrict, type RestrictedProcess, runRestricted } from './restricted.js';

/** The four services as the pods of k8s/overlays/local, restricted as those are; what they stand on comes later. */
const folder = mkdtempSync(join(tmpdir(), 'contact-expunge-contract-'));
const ports: Record<string, number> = {};
const pods = {} as Record<ServiceName, RestrictedProcess>;
// PostgreSQL runs under an account of its own when the tests run as root.
chmodSync(folder, 0o711);
let objects: Manifest[];
let company: Company;
let identity: IdentityProvider;
let postgres: PostgresServer | undefined;
let kafka: KafkaBroker | undefined;
let mail: MailInbox | undefined;

const urlOf = (service: ServiceName): string => `http://127.0.0.1:${ports[service]}`;

beforeAll(async () => {
  assertCanRestrict();
  const metrics = SERVICES.map((service) => `metrics of ${service}`);
  for (const name of [...SERVICES, ...metrics, 'postgres', 'kafka', 'smtp', 'bounces']) ports[name] = await freePort();
  identity = await startIdentityProvider();
  objects = await localObjects();
  for (const service of SERVICES) pods[service] = start(`Deployment/${service}`, service);
}, 120_000);

afterAll(async () => {
  for (const pod of Object.values(pods)) pod.kill('SIGKILL');
  await Promise.all(Object.values(pods).map(({ ended }) => ended));
  await Promise.all([postgres?.stop(), kafka?.stop(), mail?.stop(), identity?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

/** The local overlay, with addresses of this machine instead of names in a cluster. */
async function localObjects(): Promise<Manifest[]> {
  const builds = await overlays(await findKustomize());
  const local = structuredClone(builds.find(({ name }) => name === 'local')!.objects) as Manifest[];
  const here = {
    DATABASE_HOST: `127.0.0.1:${ports.postgres}`,
    KAFKA_BROKERS: `127.0.0.1:${ports.kafka}`,
    OIDC_ISSUER: identity.issuer,
    OIDC_JWKS_URL: identity.jwksUrl,
    SMTP_URL: `smtp://127.0.0.1:${ports.smtp}`,
    CONTACT_HOST: `127.0.0.1:${ports['contact-service']}`,
    PRIVACY_HOST: `127.0.0.1:${ports['privacy-service']}`,
  };
  const maps = local.filter(({ kind }) => kind === 'ConfigMap');
  for (const map of maps) {
    const own = Object.entries(here).filter(([name]) => name in map.data!);
    Object.assign(map.data!, Object.fromEntries(own));
  }
  return local;
}

/** A pod has addresses of its own; here all share one, so that each has a port of its own. */
function start(name: string, service: ServiceName): RestrictedProcess {
  const options = asRestricted(name, objects, join(folder, 'secrets'));
  const bounces: Record<string, string> = options.env.BOUNCE_SMTP_PORT
    ? { BOUNCE_SMTP_PORT: String(ports.bounces) }
    : {};
  const own = { HTTP_PORT: String(ports[service]), METRICS_PORT: String(ports[`metrics of ${service}`]), ...bounces };
  const flags = `${options.env.NODE_OPTIONS} --import=${WARNING}`;
  return runRestricted({ ...options, env: { ...options.env, NODE_OPTIONS: flags, ...own } });
}

/** Has Node warn of something as soon as somebody listens. Its own source, which stack frames name, does not have the word. */
const WARNING = `data:text/javascript,process.on('newListener',(name)=>name==='warning'&&setImmediate(()=>process.emitWarning(['jo','doe'].join('.'))))`;

async function health(service: ServiceName, route: string): Promise<{ status: number; body: { problems?: string[] } }> {
  const response = await fetch(`${urlOf(service)}/health/${route}`, { signal: AbortSignal.timeout(5_000) });
  return { status: response.status, body: (await response.json()) as { problems?: string[] } };
}

async function untilAnswers(service: ServiceName, route: string): Promise<void> {
  const ended = pods[service].ended.then((how) =>
    Promise.reject(new Error(`${service} ended (${how}): ${pods[service].output()}`)),
  );
  const answers = waitUntil(
    () =>
      health(service, route).then(
        ({ status }) => (status === 200 ? true : undefined),
        () => undefined,
      ),
    { what: `${service} says that it is ${route}`, timeoutMs: 60_000, everyMs: 100 },
  );
  await Promise.race([answers, ended]);
}

/** What a program inside the same restrictions sees of them. */
const LOOK = `
const { readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { spawnSync } = require('node:child_process');
const write = (path) => { try { writeFileSync(path, 'x'); return 'written'; } catch ({ code }) { return code; } };
const places = ['/x', '/app/x', '/app/dist/libs/x', '/secrets/x', '/secrets/database-password', '/usr/x', '/dev/x', '/tmp/x'];
const status = Object.fromEntries(readFileSync('/proc/self/status', 'utf8').split('\\n').map((line) => line.split(':\\t')));
console.log(JSON.stringify({
  writes: Object.fromEntries(places.map((path) => [path, write(path)])),
  user: status.Uid, group: status.Gid, effective: status.CapEff, bounding: status.CapBnd, privileges: status.NoNewPrivs,
  shell: spawnSync('sh', ['-c', 'true']).error?.code,
  password: readFileSync('/secrets/database-password').length > 10,
}));`;

test('When a program runs as the pod does, then it can write to /tmp only, has no rights and no shell', async () => {
  const options = asRestricted('Deployment/contact-service', objects, join(folder, 'look'));
  const program = runRestricted({ ...options, args: ['-e', LOOK], env: {} });
  expect([await program.ended, program.output()]).toEqual([0, expect.stringContaining('{')]);
  const { writes, ...seen } = JSON.parse(program.output()) as Record<string, object>;
  expect(Object.entries(writes!).filter(([, outcome]) => String(outcome) !== 'EROFS')).toEqual([['/tmp/x', 'written']]);
  const [nobody, id] = ['0'.repeat(16), Array(4).fill('10001').join('\t')];
  const none = { effective: nobody, bounding: nobody, privileges: '1', shell: 'ENOENT' };
  expect(seen).toEqual({ user: id, group: id, ...none, password: true });
});

test('When database and broker are away, then the pods start, live and say what they wait for', async () => {
  await Promise.all(SERVICES.map((service) => untilAnswers(service, 'started')));
  for (const service of SERVICES) {
    expect(await health(service, 'live')).toMatchObject({ status: 200 });
    const { status, body } = await health(service, 'ready');
    expect(status).toBe(503);
    expect(body.problems).toEqual(expect.arrayContaining([expect.stringMatching(/^database: /)]));
  }
}, 90_000);

test('When database, schema and broker come, then they become ready without a restart', async () => {
  const passwordsDir = join(overlayFolder('local'), 'secrets');
  await Promise.all([
    startPostgres({ dataDir: join(folder, 'postgres'), port: ports.postgres, fsync: false }).then(async (server) => {
      postgres = server;
      await server.createDatabases(SERVICES.map(databaseOf), passwordsDir);
    }),
    startKafka({ dataDir: join(folder, 'kafka'), port: ports.kafka, fast: true, log: join(folder, 'kafka.log') }).then(
      async (broker) => {
        kafka = broker;
        await createTopics({ brokers: broker.brokers, partitions: 2 });
      },
    ),
    startMailInbox({ dir: join(folder, 'mail'), smtpPort: ports.smtp }).then((inbox) => (mail = inbox)),
  ]);
  const migrations = workloadsOf(objects).filter(({ object }) => nameOf(object).includes('-migrate-'));
  await Promise.all(
    migrations.map(async ({ object, labels }) => {
      const job = start(nameOf(object), labels['app.kubernetes.io/name'] as ServiceName);
      expect([await job.ended, job.output()]).toEqual([0, expect.stringContaining('migrations')]);
    }),
  );
  expect(migrations).toHaveLength(4);
  await Promise.all(SERVICES.map((service) => untilAnswers(service, 'ready')));
}, 120_000);

test('When somebody presses Delete Account, then the pods do all of it', async () => {
  const urls = Object.fromEntries(SERVICES.map((service) => [service, urlOf(service)]));
  const system = { urls, api: new Api(identity), logDir: folder } as unknown as TestSystem;
  company = await aCompany(system);
  const person = await signUp(system, company);
  const { expungeId } = await deleteAccount(system, person);
  await untilState(system, company, expungeId, 'confirmed');
  expect(await mail!.waitForMail(person.email, 5_000)).toBeDefined();
}, 90_000);

/** A sign-up whose body is still on its way; `finish` sends the rest and gives the status of the answer. */
async function halfASignUp(): Promise<{ finish(): Promise<number> }> {
  const { subject, tenantId, roles } = company.candidate();
  const body = JSON.stringify({ email: 'late@example.com', givenName: 'Lena', language: 'en' });
  const headers = {
    authorization: `Bearer ${await identity.token({ subject, tenantId, roles })}`,
    'content-type': 'application/json',
    'content-length': body.length,
    expect: '100-continue',
  };
  const half = request(`${urlOf('contact-service')}/v1/account`, { method: 'POST', headers });
  const status = new Promise<number>((resolve, reject) => {
    half.once('error', reject);
    half.once('response', (response) => resolve(response.resume().statusCode!));
  });
  status.catch(() => undefined);
  // The service has the head of the request and asks for the rest.
  await new Promise((resolve) => half.once('continue', resolve));
  half.write(body.slice(0, 20));
  return {
    finish: () => {
      half.end(body.slice(20));
      return status;
    },
  };
}

test('When they are told to stop, then what was asked is answered, and all are gone within their grace period', async () => {
  const half = await halfASignUp();
  const told = performance.now();
  for (const pod of Object.values(pods)) pod.kill('SIGTERM');
  await waitUntil(() => (pods['contact-service'].output().includes('"stopping"') ? true : undefined), {
    what: 'contact-service has heard it',
    timeoutMs: 20_000,
  });
  expect(await half.finish()).toBe(201);
  expect(await Promise.all(Object.values(pods).map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);
  const { pod, containers } = workloadsOf(objects).find(
    ({ object }) => nameOf(object) === 'Deployment/contact-service',
  )!;
  const grace = pod.terminationGracePeriodSeconds! - containers[0]!.lifecycle!.preStop!.sleep!.seconds;
  expect((performance.now() - told) / 1_000).toBeLessThan(grace);
}, 120_000);

test('When they have run, then none of them has tried to write where it may not', () => {
  const refused = SERVICES.filter((service) =>
    /EROFS|EACCES|EPERM|read-only file system/i.test(pods[service].output()),
  );
  expect(refused).toEqual([]);
});

test('When they have run, then every line they wrote is JSON, warnings of Node among them, and names nobody', () => {
  for (const service of SERVICES) {
    const output = pods[service].output();
    const lines = output.trim().split('\n');
    const messages = lines.map((line) => (JSON.parse(line) as { msg?: string }).msg);
    expect(messages).toContain('warning of the runtime');
    expect(output).not.toContain('jo.doe');
  }
});
