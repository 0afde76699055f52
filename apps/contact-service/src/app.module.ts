import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { handlersOf } from '#messaging';
import { KeyringFile, ServiceModule } from '#service';
import { ContactConfig } from './config.js';
import { Contact } from './contacts/contact.js';
import { Note } from './notes/note.js';
import { Hold } from './holds/hold.js';
import { Removal } from './expunge/removal.js';
import { WaitingExpunge } from './expunge/waiting-expunge.js';
import { Import } from './imports/import.js';
import { migrations } from './migrations/index.js';
import { subscriptions } from './subscriptions.js';
import { KillSwitchChange } from './tenants/kill-switch-change.js';
import { PolicyChange } from './tenants/policy-change.js';
import { Tenant } from './tenants/tenant.js';
import { Suppression } from './suppression/suppression.js';
import { SuppressionKeys } from './suppression/suppression-keys.js';
import { controllers, useCases } from './use-cases.js';

const entities = [
  Tenant,
  PolicyChange,
  KillSwitchChange,
  Contact,
  Note,
  Hold,
  Removal,
  WaitingExpunge,
  Suppression,
  Import,
];

const keyring: Provider = {
  provide: KeyringFile,
  inject: [ContactConfig],
  useFactory: (config: ContactConfig) => KeyringFile.open(config.SEAL_KEYRING_FILE),
};

const suppressionKeys: Provider = {
  provide: SuppressionKeys,
  inject: [ContactConfig],
  useFactory: async (config: ContactConfig) =>
    SuppressionKeys.from(await KeyringFile.open(config.SUPPRESSION_KEY_FILE)),
};

@Module({})
export class AppModule {
  static forConfig(config: ContactConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [ServiceModule.forService({ name: 'contact-service', config, entities, migrations, subscriptions })],
      controllers,
      providers: [keyring, suppressionKeys, ...useCases, ...handlersOf(subscriptions)],
    };
  }
}
