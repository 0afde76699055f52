import { runService } from '#service';
import { AppModule } from './app.module.js';
import { NotificationConfig } from './config.js';
import { migrations } from './migrations/index.js';

await runService({
  name: 'notification-service',
  config: NotificationConfig,
  module: (config) => AppModule.forConfig(config),
  migrations,
});
