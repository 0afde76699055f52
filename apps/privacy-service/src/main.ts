import { runService } from '#service';
import { AppModule } from './app.module.js';
import { PrivacyConfig } from './config.js';
import { migrations } from './migrations/index.js';

await runService({
  name: 'privacy-service',
  config: PrivacyConfig,
  module: (config) => AppModule.forConfig(config),
  migrations,
});
