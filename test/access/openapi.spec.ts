import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { ROUTES, SERVICES } from '#contracts';
import { checkerOf, documentOf } from './services.js';

describe.each(SERVICES)('%s', (service) => {
  const document = documentOf(service);
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ route: `${method.toUpperCase()} ${path}`, operation })),
  );

  test('When routes or their rules change, then the document is made anew (npm run openapi)', () => {
    expect(JSON.parse(readFileSync(`apps/${service}/openapi.json`, 'utf8'))).toEqual(document);
  });

  test('When a route is in the table, then it is in the document, and the other way round', () => {
    const listed = Object.keys(ROUTES[service]).map((route) => route.replaceAll(/:(\w+)/g, '{$1}'));
    expect(operations.map(({ route }) => route).sort()).toEqual(listed.sort());
  });

  test('When a route is described, then it says what it does and how it answers', () => {
    const silent = operations.filter(({ operation }) => !operation.summary || operation.summary.length < 5);
    expect(silent.map(({ route }) => route)).toEqual([]);
  });

  test('When a body is described, then its example keeps the rules it is shown for', () => {
    const check = checkerOf(document);
    const bodies = operations.flatMap(({ operation }) => bodiesOf(operation));
    const wrong = [...new Set(bodies)].map((name): [string, string | undefined] => {
      const { examples = [] } = document.components.schemas[name]!;
      if (examples.length !== 1) return [name, `${examples.length} examples`];
      return [name, check({ $ref: `#/components/schemas/${name}` }, examples[0])];
    });
    expect(wrong.filter(([, problem]) => problem !== undefined)).toEqual([]);
  });
});

/** Names of the schemas a caller sends or is given, at the top level of a body. */
function bodiesOf(operation: object): string[] {
  return [...JSON.stringify(operation).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name!);
}
