import { runService, ServiceConfig } from '#service';
import { AppModule } from './app.module.js';
import { migrations } from './migrations/index.js';

await runService({
  name: 'workflow-service',
  config: ServiceConfig,
  module: (config) => AppModule.forConfig(config),
  migrations,
});
