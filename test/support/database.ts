import { randomBytes } from 'node:crypto';
import { createDatabases, type DatabaseUrls } from '#local';

/** A new empty database on the run's PostgreSQL, with its owner and its application role. */
export async function createTestDatabase(): Promise<DatabaseUrls & { name: string }> {
  const superuserUrl = process.env.TEST_POSTGRES_URL;
  if (!superuserUrl) throw new Error('The test run has no PostgreSQL: run it through jest.config.js.');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const urls = await createDatabases({ superuserUrl, names: [name] });
  return { ...urls[name]!, name };
}
