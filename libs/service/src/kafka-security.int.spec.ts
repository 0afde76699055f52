import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pace } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { ContactAdded, message } from '#contracts';
import { freePort, waitUntil } from '#local';
import { createTopics, type KafkaConnection, on } from '#messaging';
import { anAuthority, type Pair, pemFile, signedBy } from '../../../test/support/certificates.js';
import { aContactAdded, many } from '../../../test/support/make.js';
import { aMessagingDatabase, Remember } from '../../../test/support/messaging.js';
import {
  aMessagingNode,
  type MessagingNode,
  newGroup,
  untilHandled,
  untilProblem,
  untilWell,
} from '../../../test/support/messaging-node.js';
import { startTestKafka, type TestKafka } from '../../../test/support/test-kafka.js';
import { loadConfig, ServiceConfig } from './config.js';
import { kafkaConnection } from './connections.js';

const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
const USER = 'contact-service';

let folder: string;
let authority: Pair;
let kafka: TestKafka;
let saslBroker: string;
let tlsBroker: string;
let db: DataSource;
const running: MessagingNode[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kafka-security-'));
  authority = await anAuthority();
  const [sasl, tls] = [await freePort(), await freePort()];
  [saslBroker, tlsBroker] = [`127.0.0.1:${sasl}`, `127.0.0.1:${tls}`];
  const listeners = `PLAINTEXT://127.0.0.1:{PORT},SASL_SSL://${saslBroker},SSL://${tlsBroker}`;
  const server = await signedBy(authority, { ip: '127.0.0.1' });
  kafka = await startTestKafka({
    formatArguments: ['--add-scram', `SCRAM-SHA-512=[name=${USER},password=first]`],
    properties: [
      `listeners=${listeners},CONTROLLER://127.0.0.1:{CONTROLLER_PORT}`,
      `advertised.listeners=${listeners}`,
      'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL',
      'sasl.enabled.mechanisms=SCRAM-SHA-512',
      `listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=${SCRAM}`,
      'listener.name.ssl.ssl.client.auth=required',
      'ssl.keystore.type=PEM',
      `ssl.keystore.location=${await pemFile(folder, 'server.pem', `${server.key}\n${server.cert}`)}`,
      'ssl.truststore.type=PEM',
      `ssl.truststore.location=${await pemFile(folder, 'ca.pem', authority.cert)}`,
    ],
  });
}, 60_000);
beforeEach(async () => {
  db = await aMessagingDatabase();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()));
  await db.destroy();
});
afterAll(async () => {
  await kafka.remove();
  await rm(folder, { recursive: true });
});

@Injectable()
class RememberAdded extends Remember {}

const inFolder = (name: string): string => join(folder, name);

/** What a service makes of these settings. */
function connection(env: Record<string, string>): KafkaConnection {
  const config = loadConfig(ServiceConfig, {
    HTTP_PORT: '0',
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    OIDC_ISSUER: 'http://issuer.test',
    OIDC_JWKS_URL: 'http://issuer.test/jwks',
    KAFKA_TLS_CA_FILE: inFolder('ca.pem'),
    ...env,
  });
  return kafkaConnection(config);
}

async function withPassword(password: string): Promise<KafkaConnection> {
  await writeFile(inFolder('password'), `${password}\n`);
  return connection({
    KAFKA_BROKERS: saslBroker,
    KAFKA_SASL_USERNAME: USER,
    KAFKA_SASL_PASSWORD_FILE: inFolder('password'),
  });
}

async function withCertificate(pair: Pair): Promise<KafkaConnection> {
  return connection({
    KAFKA_BROKERS: tlsBroker,
    KAFKA_TLS_CERT_FILE: await pemFile(folder, 'client.pem', pair.cert),
    KAFKA_TLS_KEY_FILE: await pemFile(folder, 'client-key.pem', pair.key),
  });
}

async function aNode(to: KafkaConnection): Promise<MessagingNode> {
  const subscriptions = [on(ContactAdded, RememberAdded)];
  const node = await aMessagingNode({ db, group: newGroup(), kafka: to, subscriptions });
  running.push(node);
  node.relay.start();
  node.server.start();
  return node;
}

const problemsOf = (node: MessagingNode) => (): string[] => [...node.relay.problems(), ...node.server.problems()];
const send = (node: MessagingNode, count: number): Promise<void> =>
  node.send(many(count, () => message(ContactAdded, aContactAdded())));

const setPassword = (password: string): Promise<void> =>
  kafka.runTool(
    'kafka.admin.ConfigCommand',
    `--bootstrap-server ${kafka.brokers[0]} --alter --entity-type users --entity-name ${USER} --add-config`
      .split(' ')
      .concat(`SCRAM-SHA-512=[password=${password}]`),
  );

test('When a service has a name and a password, then messages go and come over TLS', async () => {
  const node = await aNode(await withPassword('first'));
  await send(node, 20);
  await untilHandled(db, 20);
  await createTopics(await withPassword('first'));
});

test('When a service has a certificate, then messages go and come; one of another authority is refused', async () => {
  const node = await aNode(await withCertificate(await signedBy(authority, { name: USER })));
  await send(node, 20);
  await untilHandled(db, 20);
  await node.stop();
  const stranger = await aNode(await withCertificate(await signedBy(await anAuthority(), { name: USER })));
  await untilProblem(problemsOf(stranger), /consumer: .*(certificates|away)/);
});

test('When the brokers are not signed by the authority of the file, then nothing is said to them, and it is shown why', async () => {
  const ca = await pemFile(folder, 'other-ca.pem', (await anAuthority()).cert);
  const node = await aNode({
    ...(await withPassword('first')),
    tls: connection({ KAFKA_BROKERS: saslBroker, KAFKA_TLS_CA_FILE: ca }).tls,
  });
  await untilProblem(problemsOf(node), /consumer: broker and service do not accept their certificates/);
  await untilProblem(problemsOf(node), /relay: .*certificates/);
});

test('When the password is wrong, then the service says so, keeps trying, and goes on once the file is mended', async () => {
  const node = await aNode(await withPassword('wrong'));
  await send(node, 5);
  await untilProblem(problemsOf(node), /relay: .*the broker refuses our name or password/);
  await untilProblem(problemsOf(node), /consumer: the broker refuses our name or password/);
  await writeFile(inFolder('password'), 'first');
  await untilHandled(db, 5);
  await untilWell(problemsOf(node));
});

test('When the password is changed under load and every connection is lost, then no message is', async () => {
  const node = await aNode(await withPassword('first'));
  const sent: string[] = [];
  let loading = true;
  const load = (async (): Promise<void> => {
    while (loading) {
      const contact = aContactAdded();
      await node.send([message(ContactAdded, contact)]);
      sent.push(contact.contactId);
      await pace(20);
    }
  })();
  await untilAllHandled(sent.length + 10, sent);
  await setPassword('second');
  await writeFile(inFolder('password'), 'second');
  await kafka.kill('SIGKILL');
  await kafka.restart();
  await untilAllHandled(sent.length + 10, sent);
  loading = false;
  await load;
  await untilAllHandled(sent.length, sent);
  await untilWell(problemsOf(node));
}, 120_000);

/** So many were sent, and those handled, each once; the topic also holds what other tests have sent. */
const untilAllHandled = (atLeast: number, sent: readonly string[]): Promise<unknown> =>
  waitUntil(
    async () => {
      const first = sent.slice(0, Math.max(atLeast, 0));
      const [row] = await db.query('SELECT count(*)::int AS n FROM handled WHERE key = ANY($1)', [first]);
      return (first.length >= atLeast && row.n === first.length) || undefined;
    },
    { what: `${atLeast} messages are handled`, timeoutMs: 60_000 },
  );
