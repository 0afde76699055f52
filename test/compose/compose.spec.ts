import { beforeAll, expect, test } from '@jest/globals';
import { checkCompose } from './check.js';
import { composeText, parseCompose } from './compose.js';
import { composeProblems, differences } from './rules.js';
import { scrapeProblems } from './scraped.js';

let text: string;
beforeAll(() => {
  text = composeText();
});

/** The problems of the file with something in it replaced. */
function problemsWith(from: string | RegExp, to: string): string[] {
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`${from} is not in docker-compose.yml`);
  return composeProblems(parseCompose(changed));
}

test('When docker-compose.yml is checked, then nothing is found', async () => {
  expect((await checkCompose()).problems).toEqual([]);
});

const WRONG: [string, string | RegExp, string, RegExp][] = [
  ['an image without a version', 'postgres:18.4-trixie', 'postgres', /postgres: .* no fixed version/],
  ['an image whose version moves', 'apache/kafka:4.3.1', 'apache/kafka:latest', /kafka: .* no fixed version/],
  [
    'a server without a health check',
    /healthcheck:\n {6}test: \[CMD, \/mailpit.*\n(.*\n){4}/,
    '',
    /mail: runs on and has no health/,
  ],
  [
    'a wait for the health of what has no check',
    /healthcheck:\n {6}test: \[CMD, \/mailpit.*\n(.*\n){4}/,
    '',
    /waits for the health of mail/,
  ],
  [
    'a wait for somebody who is not there',
    '      mail: { condition: service_healthy }',
    '      post: { condition: service_healthy }',
    /waits for post/,
  ],
  [
    'a wait for the end of what runs on',
    'identity: { condition: service_healthy }',
    'identity: { condition: service_completed_successfully }',
    /runs on/,
  ],
  [
    'a wait for a start only',
    'identity: { condition: service_healthy }',
    'identity: { condition: service_started }',
    /does not wait until identity works/,
  ],
  [
    'a circle',
    /(image: postgres:18\.4-trixie\n(.*\n)*? {4}depends_on:\n)/,
    '$1      contact-service: { condition: service_healthy }\n',
    /waits for itself/,
  ],
  ['a container without a memory limit', '    mem_limit: 1g\n', '', /has no memory limit/],
  ['a variable nobody knows', 'STATUS_PAGE_URL:', 'STATUS_URL:', /knows no STATUS_URL/],
  ['a variable that is missing', /\n {6}CERTIFICATE_ISSUER: .*/, '', /CERTIFICATE_ISSUER is missing/],
  [
    'a value the service would not take',
    'MAIL_DOMAIN: mail.contact-expunge.example',
    'MAIL_DOMAIN: nowhere',
    /MAIL_DOMAIN/,
  ],
  [
    'a file no volume has',
    '/keys/certificate-keys.json',
    '/certs/certificate-keys.json',
    /no volume has the file of CERTIFICATE_KEYS_FILE/,
  ],
  [
    'a migration that gets a secret of the service',
    /(DATABASE_OWNER_PASSWORD_FILE: \/admin\/contact.*)/,
    '$1\n      SEAL_KEYRING_FILE: /admin/x',
    /knows no SEAL_KEYRING_FILE/,
  ],
  ['a port that nothing listens on', "['127.0.0.1:3101:3000']", "['127.0.0.1:3101:8080']", /publishes 8080/],
  ['a port open to everybody', "['127.0.0.1:3101:3000']", "['3101:3000']", /to everybody/],
  ['too little time to stop', 'stop_grace_period: 60s', 'stop_grace_period: 30s', /killed before its own deadline/],
  [
    'a wait for what only a profile starts',
    '      mail: { condition: service_healthy }',
    '      prometheus: { condition: service_healthy }',
    /waits for prometheus, which is started with profile observability only/,
  ],
  [
    'a file of the repository that is not there',
    './k8s/components/grafana-dashboards:',
    './k8s/components/dashboards:',
    /grafana: mounts \.\/k8s\/components\/dashboards, which is not there/,
  ],
  [
    'a folder of the repository that a container may write to',
    'grafana-dashboards:/var/lib/dashboards:ro',
    'grafana-dashboards:/var/lib/dashboards',
    /grafana: may write to/,
  ],
  [
    'an undeclared volume',
    /\n {2}kafka:\n {2}prometheus:\n$/,
    '\n  prometheus:\n',
    /mounts kafka, which is not declared/,
  ],
];

test.each(WRONG)('When there is %s, then it is found', (_, from, to, problem) => {
  expect(problemsWith(from, to)).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
});

test('When Prometheus asks another port or reads no rules, then it is found', () => {
  expect(scrapeProblems(parseCompose(text))).toEqual([]);
  const moved = text.replace("METRICS_PORT: '9464'", "METRICS_PORT: '9465'");
  expect(scrapeProblems(parseCompose(moved))).toContainEqual(
    expect.stringMatching(/does not ask contact-service.*:9465/),
  );
  const unruled = text.replace('alerts.yaml:/etc/prometheus/alerts.yaml:ro', 'alerts.yaml:/etc/alerts.yaml:ro');
  expect(scrapeProblems(parseCompose(unruled))).toEqual(['prometheus: mounts no /etc/prometheus/alerts.yaml']);
});

test('When a variable is set only here or only in k8s/, then it is found', () => {
  const own = { DATABASE_URL: 'postgres://a@b/c', OVERDUE_AFTER_SECONDS: '60' };
  const found = differences(parseCompose(text), { 'privacy-service': own });
  expect(found).toContain('privacy-service: k8s/ does not set CERTIFICATE_ISSUER');
  expect(found).toContain('privacy-service: k8s/ also sets OVERDUE_AFTER_SECONDS');
  expect(found).not.toContain('privacy-service: k8s/ does not set DATABASE_URL');
});
