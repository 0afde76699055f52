import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { type FourServices, startFourServices } from '../access/four-services.js';
import { KNOWN_METRICS } from './known-metrics.js';

let services: FourServices;
beforeAll(async () => {
  services = await startFourServices();
});
afterAll(() => services.stop());

/** prom-client says these of each metric, and its types do not. */
interface Registered {
  readonly name: string;
  readonly labelNames: readonly string[];
  readonly type: string;
}

function publishedBy(registry: Registry): [name: string, labels: readonly string[]][] {
  const metrics = registry.getMetricsAsArray() as unknown as Registered[];
  return metrics.flatMap(({ name, labelNames, type }) =>
    type === 'histogram'
      ? [
          [`${name}_bucket`, [...labelNames, 'le']],
          [`${name}_count`, labelNames],
          [`${name}_sum`, labelNames],
        ]
      : [[name, labelNames]],
  );
}

const sorted = (metrics: Iterable<readonly [string, readonly string[]]>): Record<string, string[]> =>
  Object.fromEntries(
    [...metrics].map(([name, labels]) => [name, labels.toSorted()] as const).toSorted(([a], [b]) => a.localeCompare(b)),
  );

test('When services are measured, then they publish what alerts and dashboards know, with those labels', () => {
  const ofProcesses = new Registry();
  collectDefaultMetrics({ register: ofProcesses });
  const known = Object.entries(KNOWN_METRICS);
  const used = publishedBy(ofProcesses).filter(([name]) => name in KNOWN_METRICS);
  const own = Object.values(services.all).flatMap(({ app }) => publishedBy(app.get(Registry)));
  expect(sorted([...own, ...used])).toEqual(sorted(known));
});
