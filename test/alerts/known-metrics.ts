/** What every series of ours carries, by the PodMonitor and by prometheus.yml. */
export const JOB = 'contact-expunge';

/**
 * The metrics that alerts and dashboards may use, and the labels of each besides those that all have. A name that services no
 * longer publish would leave an alert silent for ever and nobody would notice.
 */
export const KNOWN_METRICS: Readonly<Record<string, readonly string[]>> = {
  ...histogram('http_request_duration_seconds', 'method', 'route', 'status'),
  ...histogram('message_handling_duration_seconds', 'message', 'handler'),
  messages_total: ['message', 'outcome'],
  consumer_lag_seconds: ['topic'],
  consumer_last_poll_age_seconds: [],
  outbox_oldest_age_seconds: [],
  relay_leading: [],
  dead_letters_waiting: ['topic'],
  expunge_requests: ['state'],
  expunge_oldest_open_age_seconds: ['state'],
  expunge_seconds_to_legal_deadline: [],
  mails_total: ['purpose', 'outcome'],
  mail_bounces_total: ['purpose', 'kind'],
  mails_waiting: ['purpose'],
  mail_oldest_waiting_age_seconds: ['purpose'],
  timers_due: [],
  timers_oldest_due_age_seconds: [],
  timers_put_off_total: [],
  consent_requests_overdue: [],
  database_pool_connections: ['pool', 'state'],
  database_pool_waiting: ['pool'],
  audit_chain_broken: [],
  audit_chain_checked_timestamp_seconds: [],
  key_expires_timestamp_seconds: ['key'],
  metrics_read_failed: [],
  // Of every process, by prom-client.
  nodejs_eventloop_lag_p99_seconds: [],
  nodejs_heap_size_used_bytes: [],
  process_cpu_seconds_total: [],
  process_resident_memory_bytes: [],
};

/** Prometheus's own. */
export const OF_PROMETHEUS: Readonly<Record<string, readonly string[]>> = {
  up: [],
  ALERTS: ['alertname', 'alertstate', 'app', 'severity', 'topic', 'key', 'pool'],
};

/** `service` is said by the service itself, the others by whoever scrapes it. */
export const EVERYWHERE: readonly string[] = ['job', 'service', 'instance'];

function histogram(name: string, ...labels: readonly string[]): Record<string, readonly string[]> {
  return { [`${name}_bucket`]: [...labels, 'le'], [`${name}_count`]: labels, [`${name}_sum`]: labels };
}
