import { join } from 'node:path';
import type { TestSystem } from '../support/test-system.js';
import { asSuperuser, lookInDatabase, lookInFolder, type Place } from './places.js';
import { Search } from './search.js';

const DATABASES = ['contact_service', 'workflow_service', 'notification_service', 'privacy_service', 'postgres'];

/** The places where nothing may be left, each with what was found. The inbox is the people's own and not looked at. */
export async function scan(system: TestSystem, tokens: readonly string[]): Promise<Place[]> {
  const search = new Search(tokens);
  const { superuserUrl } = system.postgres!;
  const places: Place[] = [];
  for (const database of DATABASES) places.push(await lookInDatabase(superuserUrl, database, search));
  const within = (folder: string): string => join(system.dataDir, folder);
  places.push(await lookInFolder('Kafka segments', within('kafka'), search));
  places.push(await lookInFolder('logs of services, PostgreSQL and Kafka', within('logs'), search));
  const others = ['kafka', 'logs', 'mail', 'postgres'].map(within);
  places.push(await lookInFolder('all other files of the system', system.dataDir, search, others));
  places.push(await lookInFolder('temporary files', process.env.TMPDIR ?? '/tmp', search, [system.dataDir]));
  return places;
}

/** PostgreSQL's own files, where deleted rows stay until their room is needed again: looked at, not judged. */
export async function scanRawFiles(system: TestSystem, tokens: readonly string[]): Promise<Place[]> {
  const search = new Search(tokens);
  const cluster = join(system.dataDir, 'postgres', 'cluster');
  await asSuperuser(system.postgres!.superuserUrl, 'postgres', (client) => client.query('CHECKPOINT'));
  return [
    await lookInFolder("PostgreSQL's data files", cluster, search, [join(cluster, 'pg_wal')]),
    await lookInFolder("PostgreSQL's write-ahead log", join(cluster, 'pg_wal'), search),
  ];
}

/** What shortens the time: tables are written anew, and old files of the log are removed instead of written over later. */
export async function tidyUp(system: TestSystem): Promise<void> {
  const { superuserUrl } = system.postgres!;
  for (const database of DATABASES) await asSuperuser(superuserUrl, database, (client) => client.query('VACUUM FULL'));
  await asSuperuser(superuserUrl, 'postgres', async (client) => {
    await client.query('ALTER SYSTEM SET wal_recycle = off');
    await client.query('SELECT pg_reload_conf()');
    for (let turn = 0; turn < 2; turn += 1) {
      await client.query('SELECT pg_switch_wal()');
      await client.query('CHECKPOINT');
    }
  });
}
