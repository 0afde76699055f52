import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DATABASE_NAMES } from './catalogue.js';
import { createDatabases, newPassword } from './databases.js';
import { writeEnvironmentFile } from './environment.js';
import { startIdentityProvider } from './identity-provider.js';
import { ensureSecrets } from './secrets.js';
import { createLocalTopics } from './topics.js';

// The steps of docker-compose.yml that are our own; done again they change nothing. `keys` is the folder that services
// may read, `admin` the one they may not.
const [step, keys = '', admin = '', postgres = '', kafka = ''] = process.argv.slice(2);
const passwordFile = join(admin, 'superuser-password');

if (step === 'secrets') {
  await ensureSecrets(keys);
  if (!existsSync(passwordFile)) writeFileSync(passwordFile, newPassword(), { mode: 0o600 });
} else if (step === 'prepare') {
  const superuserUrl = `postgres://postgres:${readFileSync(passwordFile, 'utf8')}@${postgres}/postgres`;
  const options = { superuserUrl, names: [...DATABASE_NAMES], passwordsFile: join(admin, 'passwords.json') };
  for (const [name, { appUrl, ownerUrl }] of Object.entries(await createDatabases(options))) {
    writeEnvironmentFile(keys, name, { DATABASE_URL: appUrl });
    writeEnvironmentFile(admin, name, { DATABASE_OWNER_URL: ownerUrl });
  }
  await createLocalTopics([kafka]);
} else if (step === 'identity') {
  await startIdentityProvider({ host: '0.0.0.0', port: 3100, keysFile: join(admin, 'identity', 'keys.json') });
} else throw new Error(`unknown step ${step}`);
