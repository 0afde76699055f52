import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { asSent, dashboards, overlap } from './dashboards.js';
import { expressionProblems } from './expressions.js';
import { KNOWN_METRICS } from './known-metrics.js';
import { promtool } from './promtool.js';
import { allRules } from './rules.js';

const BOARDS = [...dashboards()];
const PANELS = BOARDS.flatMap(([file, { panels }]) =>
  panels.map((panel) => [`${file}: ${panel.title}`, panel] as const),
);
const RECORDED = Object.fromEntries(allRules().flatMap(({ record }) => (record ? [[record, []]] : [])));
const EXPRESSIONS = PANELS.flatMap(([, { targets }]) => targets.map(({ expr }) => asSent(expr)));

test.each(PANELS)('When %s is drawn, then of metrics that services publish', (_, { targets }) => {
  expect(targets.flatMap(({ expr }) => expressionProblems(asSent(expr), RECORDED))).toEqual([]);
});

test.each(allRules().map((rule) => [rule.alert ?? rule.record!, rule.expr]))(
  'When rule %s is evaluated, then of metrics that services publish',
  (_, expr) => {
    expect(expressionProblems(expr, RECORDED)).toEqual([]);
  },
);

test('When the expressions of dashboards are checked by promtool, then it understands them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'contact-expunge-dashboards-'));
  try {
    const file = join(folder, 'rules.yaml');
    const rules = EXPRESSIONS.map((expr, n) => ({ record: `expression_${n}`, expr }));
    await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboards', rules }] }));
    expect(await promtool('check', 'rules', file)).toMatchObject({ ok: true });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each(BOARDS)('When %s is opened, then each panel has its place, a unit and a sentence', (_, { panels }) => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const panel of panels) {
    expect(panel.description).toMatch(/^[A-Z].*\.$/);
    expect(panel.fieldConfig.defaults.unit).not.toBe('');
    expect(panel.gridPos.x + panel.gridPos.w).toBeLessThanOrEqual(24);
    expect(panels.filter((other) => other !== panel && overlap(panel, other))).toEqual([]);
  }
});

test('When dashboards are put up elsewhere, then they find the Prometheus that is chosen there', () => {
  for (const [, { datasource }] of PANELS) expect(datasource).toEqual({ type: 'prometheus', uid: '${datasource}' });
  for (const [, { templating }] of BOARDS) {
    expect(templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
  }
  expect(new Set(BOARDS.map(([, { uid }]) => uid)).size).toBe(BOARDS.length);
});

test('When services publish a metric, then some rule or panel uses it', () => {
  const text = [...EXPRESSIONS, ...allRules().map(({ expr }) => expr)].join('\n');
  const unused = Object.keys(KNOWN_METRICS).filter((metric) => !text.includes(metric));
  expect(unused).toEqual([
    'http_request_duration_seconds_sum',
    ...unused.filter((name) => name.startsWith('message_')),
  ]);
});

const WRONG: [string, string, string][] = [
  ['a metric nobody publishes', 'sum(requests_total{job="contact-expunge"})', 'nobody publishes requests_total'],
  ['metrics without a name', '{job="contact-expunge"}', 'nobody publishes {job="contact-expunge"}'],
  ['a label the metric has not', 'up{job="contact-expunge",pod="a"}', 'up has no label pod'],
  [
    'a group nobody has',
    'max by (tenant) (up{job="contact-expunge"})',
    'groups by tenant, which none of its metrics has',
  ],
  ['the metrics of others', 'sum(up)', `up may be another program's: say job="contact-expunge"`],
  ['half an expression', 'sum(up{job="contact-expunge"}', 'cannot be parsed: sum(up{job="contact-expunge"}'],
];

test.each(WRONG)('When an expression has %s, then it is found', (_, expr, problem) => {
  expect(expressionProblems(expr)).toEqual([problem]);
});
