import { join } from 'node:path';
import { stringify } from 'yaml';
import { aclsOf, SERVICES, type ServiceName, TOPICS, type TopicName } from '#contracts';
import { repositoryRoot } from '#local';
import type { Subscription } from '#messaging';
import { readRules } from '../alerts/rules.js';
import { subscriptions as notification } from '../../apps/notification-service/src/subscriptions.js';
import { subscriptions as privacy } from '../../apps/privacy-service/src/subscriptions.js';
import { subscriptions as workflow } from '../../apps/workflow-service/src/subscriptions.js';

const PART_OF = { 'app.kubernetes.io/part-of': 'contact-expunge' };
/** The Kafka cluster of Strimzi, and its namespace: its operators look for topics and users there only. */
const KAFKA = { name: 'kafka', namespace: 'kafka' };
const REPLICAS = 3;
/** How far a service may be behind, for each of its processes, before another one is started. */
const LAG_PER_PROCESS = 1_000;
const MOST_PROCESSES = 6;

/** contact-service answers people, so CPU decides; the others do what messages ask for. */
const SCALED_BY_LAG: Readonly<Record<string, readonly Subscription[]>> = {
  'workflow-service': workflow,
  'notification-service': notification,
  'privacy-service': privacy,
};

/** What of k8s/ follows from libs/contracts and from the rules of Prometheus, with its place there. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const components = join(repositoryRoot(), 'k8s', 'components');
  return new Map([
    [join(components, 'strimzi', 'topics.yaml'), documents(topicNames().map(kafkaTopic))],
    [join(components, 'strimzi', 'users.yaml'), documents(SERVICES.map(kafkaUser))],
    [join(components, 'keda', 'scaled-objects.yaml'), documents(Object.entries(SCALED_BY_LAG).flatMap(scaling))],
    [join(components, 'prometheus-operator', 'prometheus-rule.yaml'), documents([prometheusRule()], 'alerts.yaml')],
  ]);
}

const topicNames = (): TopicName[] => Object.keys(TOPICS) as TopicName[];

function documents(objects: readonly object[], source = 'libs/contracts'): string {
  const text = objects.map((object) => stringify(object, { lineWidth: 0, singleQuote: true }));
  return `# Made from ${source} by npm run k8s:generate.\n${text.join('---\n')}`;
}

const kafkaMetadata = (name: string): object => ({
  name,
  namespace: KAFKA.namespace,
  labels: { 'strimzi.io/cluster': KAFKA.name, ...PART_OF },
});

function kafkaTopic(name: TopicName): object {
  const { partitions, retention } = TOPICS[name];
  const kept =
    retention === 'for-ever'
      ? { 'cleanup.policy': 'compact' }
      : { 'cleanup.policy': 'delete', 'retention.ms': String(retention) };
  const config = { ...kept, 'min.insync.replicas': String(REPLICAS - 1), 'compression.type': 'producer' };
  return {
    apiVersion: 'kafka.strimzi.io/v1',
    kind: 'KafkaTopic',
    metadata: kafkaMetadata(name),
    spec: { partitions, replicas: REPLICAS, config },
  };
}

/** The least a service needs; nothing lets it create topics. */
function kafkaUser(service: ServiceName): object {
  const { read, write, groups } = aclsOf(service);
  const topic = (name: string): object => ({ type: 'topic', name, patternType: 'literal' });
  const acls = [
    ...read.map((name) => ({ resource: topic(name), operations: ['Read', 'Describe'] })),
    ...write.map((name) => ({ resource: topic(name), operations: ['Write', 'Describe'] })),
    ...groups.map(({ name, match }) => ({
      resource: { type: 'group', name, patternType: match },
      operations: ['Read'],
    })),
  ];
  return {
    apiVersion: 'kafka.strimzi.io/v1',
    kind: 'KafkaUser',
    metadata: kafkaMetadata(service),
    spec: { authentication: { type: 'tls' }, authorization: { type: 'simple', acls } },
  };
}

/** The rules as they are, in the form that the operator takes. */
function prometheusRule(): object {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'contact-expunge', namespace: 'contact-expunge', labels: PART_OF },
    spec: readRules(),
  };
}

/** Who KEDA is to the brokers: the service itself, with its own certificate. */
function scaling([service, subscriptions]: [string, readonly Subscription[]]): object[] {
  // Not what it may read but does not: a topic without a position in its group would count as lag for ever.
  const topics = [...new Set(subscriptions.map(({ message }) => message.topic))];
  const metadata = { name: service, namespace: 'contact-expunge', labels: PART_OF };
  const fromSecret = (parameter: string, name: string, key: string): object => ({ parameter, name, key });
  return [
    {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'TriggerAuthentication',
      metadata,
      spec: {
        secretTargetRef: [
          fromSecret('ca', 'kafka-ca', 'ca.crt'),
          fromSecret('cert', `${service}-kafka`, 'user.crt'),
          fromSecret('key', `${service}-kafka`, 'user.key'),
        ],
      },
    },
    {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      metadata,
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: service },
        minReplicaCount: 2,
        maxReplicaCount: MOST_PROCESSES,
        pollingInterval: 30,
        cooldownPeriod: 300,
        fallback: { failureThreshold: 5, replicas: 2, behavior: 'currentReplicasIfHigher' },
        triggers: topics.map((topic) => lagOf(service, topic)),
      },
    },
  ];
}

function lagOf(service: string, topic: string): object {
  return {
    type: 'kafka',
    authenticationRef: { name: service },
    metadata: {
      bootstrapServersFromEnv: 'KAFKA_BROKERS',
      consumerGroup: service,
      topic,
      lagThreshold: String(LAG_PER_PROCESS),
      offsetResetPolicy: 'earliest',
      // More processes than partitions would have nothing to do.
      allowIdleConsumers: 'false',
      // A partition that stands still is no work for more processes; it is an alarm.
      excludePersistentLag: 'true',
      tls: 'enable',
    },
  };
}
