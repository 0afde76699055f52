import { join } from 'node:path';
import { DATABASE_NAMES } from './catalogue.js';
import { createDatabases } from './databases.js';
import { startIdentityProvider } from './identity-provider.js';
import { ensureAllSecrets, superuserPasswordIn } from './secrets.js';
import { createLocalTopics } from './topics.js';

// The steps of docker-compose.yml and of k8s/overlays/local that are our own; done again they change nothing. `keys` is the
// folder that services may read, `admin` the one they may not.
const [step, keys = '', admin = '', postgres = '', kafka = ''] = process.argv.slice(2);

if (step === 'secrets') {
  await ensureAllSecrets(keys, admin);
} else if (step === 'prepare') {
  const superuserUrl = `postgres://postgres:${superuserPasswordIn(admin)}@${postgres}/postgres`;
  await createDatabases({ superuserUrl, names: [...DATABASE_NAMES], passwordsDir: keys, ownerPasswordsDir: admin });
  await createLocalTopics([kafka]);
} else if (step === 'identity') {
  await startIdentityProvider({ host: '0.0.0.0', port: 3100, keysFile: join(admin, 'identity', 'keys.json') });
} else throw new Error(`unknown step ${step}`);
