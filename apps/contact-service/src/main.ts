import { runService } from '#service';
import { AppModule } from './app.module.js';
import { ContactConfig } from './config.js';
import { migrations } from './migrations/index.js';

await runService({
  name: 'contact-service',
  config: ContactConfig,
  module: (config) => AppModule.forConfig(config),
  migrations,
});
