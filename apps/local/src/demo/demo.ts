import { Api } from '../api.js';
import { deleteAccountEverywhere } from './delete-account-everywhere.js';
import { runDemo } from './run-demo.js';
import { setTheScene } from './set-the-scene.js';

const HELP = `npm run demo: shows the main job on real parts, on this machine only.

Starts PostgreSQL, Kafka, a mail inbox, an identity provider and the four services in a temporary folder, adds the
contacts of apps/local/src/demo/contacts.csv, deletes one account for a client without expunge and one for a client
with it, and shows the evidence, the mail, the verified certificate and what other systems hear. Then stops everything.
Needs Node and a Java runtime 17 or newer.`;

await runDemo({
  name: 'demo',
  help: HELP,
  opening: '1. Starting PostgreSQL, Kafka, an identity provider, a mail inbox and the four services',
  async story(system, say) {
    const api = new Api(system.identity);
    return deleteAccountEverywhere(system, api, await setTheScene(system, api, say), say);
  },
});
