import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';

const PROGRAM = `
  import { createRequire, findSourceMap, setSourceMapsSupport } from 'node:module';
  import { fileURLToPath } from 'node:url';
  await import('#service');
  // Otherwise Node does not tell of those it has.
  setSourceMapsSupport(true, { nodeModules: true });
  const { cache } = createRequire(import.meta.url);
  const packages = Object.keys(cache).filter((file) => file.includes('/node_modules/'));
  const own = fileURLToPath(import.meta.resolve('#service'));
  console.log(JSON.stringify({
    packages: packages.length,
    packagesMapped: packages.filter((file) => findSourceMap(file)).length,
    ownMapped: findSourceMap(own) !== undefined,
  }));`;

test('When a service is loaded with source maps, then those of CommonJS packages are left out and its own are there', () => {
  const said = execFileSync(process.execPath, ['--enable-source-maps', '--input-type=module', '--eval', PROGRAM], {
    encoding: 'utf8',
  });
  const { packages, ...mapped } = JSON.parse(said) as Record<string, unknown>;
  expect(packages).toBeGreaterThan(100);
  expect(mapped).toEqual({ packagesMapped: 0, ownMapped: true });
});
