import { Api } from '../api.js';
import { deleteAccountEverywhere } from './delete-account-everywhere.js';
import type { DemoSystem } from './external-system.js';
import { runDemo, type Say } from './run-demo.js';
import { setTheScene } from './set-the-scene.js';

const HELP = `npm run demo: shows the main job on real parts, on this machine only.

Starts PostgreSQL, Kafka, a mail inbox, an identity provider and the four services in a temporary folder, adds the
contacts of apps/local/src/demo/contacts.csv, deletes one account for a client without expunge and one for a client
with it, and shows the evidence, the mail, the verified certificate and what other systems hear. Then stops everything.
Needs Node and a Java runtime 17 or newer.

npm run demo -- --external: the same on the system of docker compose up --wait (PORT_BASE and KAFKA_BROKERS move its addresses;
IDENTITY_SECRET is the client secret of its identity provider where docker compose cannot be asked).`;

async function story(system: DemoSystem, say: Say): Promise<string> {
  const api = new Api(system.identity);
  return deleteAccountEverywhere(system, api, await setTheScene(system, api, say), say);
}

await runDemo({
  name: 'demo',
  help: HELP,
  opening: '1. Starting PostgreSQL, Kafka, an identity provider, a mail inbox and the four services',
  story,
  external: story,
});
