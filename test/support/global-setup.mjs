import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '#local';

/** One PostgreSQL for the whole run; every test file makes its own databases on it. */
export default async function setUp() {
  const dataDir = await mkdtemp(join(tmpdir(), 'contact-expunge-test-'));
  // PostgreSQL runs under an account of its own when the tests run as root.
  await chmod(dataDir, 0o711);
  const postgres = await startPostgres({ dataDir, fsync: false });
  // What the tests put into temporary folders goes with the run.
  process.env.TMPDIR = dataDir;
  process.env.TEST_POSTGRES_URL = postgres.superuserUrl;
  globalThis.testRun = { postgres, dataDir };
  // A single test file runs in this process and would be given the rules of the classes loaded here instead of its own.
  delete globalThis.classValidatorMetadataStorage;
}
