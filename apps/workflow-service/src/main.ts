import { runService } from '#service';
import { AppModule } from './app.module.js';
import { WorkflowConfig } from './config.js';
import { migrations } from './migrations/index.js';

await runService({
  name: 'workflow-service',
  config: WorkflowConfig,
  module: (config) => AppModule.forConfig(config),
  migrations,
});
