import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { repositoryRoot } from '#local';
import { CASES } from './cases.js';
import { promtool } from './promtool.js';
import { type Alert, alerts, RULES_FILE } from './rules.js';
import { headings, sectionOf } from './runbook.js';
import { problemsWhenFiring, problemsWhenSilent } from './situation.js';

const ALERTS = alerts().map((alert) => [alert.alert, alert] as const);

test('When the rules are checked by promtool, then it finds nothing', async () => {
  expect(await promtool('check', 'rules', RULES_FILE)).toMatchObject({ ok: true });
});

test('When the Prometheus of docker-compose.yml is told what to do, then it understands it', async () => {
  const file = join(repositoryRoot(), 'apps', 'local', 'observability', 'prometheus.yml');
  expect(await promtool('check', 'config', '--syntax-only', file)).toMatchObject({ ok: true });
});

test('When an alert has no situations or situations no alert, then that is found', () => {
  expect(Object.keys(CASES).toSorted()).toEqual(ALERTS.map(([name]) => name).toSorted());
});

test.each(ALERTS)('When it is time for %s, then it fires, says why, and not too early', async (name, alert) => {
  expect(await problemsWhenFiring(alert, CASES[name]!)).toBe('');
});

test.each(ALERTS)('When it is nearly time for %s, then nobody is called', async (name, alert) => {
  expect(await problemsWhenSilent(alert, CASES[name]!)).toBe('');
});

test.each(ALERTS)('When %s calls somebody, then the runbook says what to do', (name, { annotations }: Alert) => {
  expect(annotations!.runbook_url).toBe(`https://runbook.example.com/k8s/runbook.md#${name.toLowerCase()}`);
  for (const part of ['**Noticed by people:**', '**Find the cause:**', '**Mend:**']) {
    expect(sectionOf(name)).toContain(part);
  }
});

test('When the runbook has a section, then there is an alert for it', () => {
  expect(headings.toSorted()).toEqual(ALERTS.map(([name]) => name).toSorted());
});

test('When somebody is called, then by an alert with a severity and a summary', () => {
  for (const [, { labels, annotations }] of ALERTS) {
    expect(labels).toEqual({ severity: expect.stringMatching(/^(warning|critical)$/), app: 'contact-expunge' });
    expect(Object.keys(annotations!)).toEqual(['summary', 'description', 'runbook_url']);
  }
});
