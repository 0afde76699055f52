import { type DynamicModule, Module } from '@nestjs/common';
import { handlersOf } from '#messaging';
import { type ServiceConfig, ServiceModule } from '#service';
import { migrations } from './migrations/index.js';
import { subscriptions } from './subscriptions.js';
import { ListWorkflows } from './workflows/list-workflows.js';
import { PutWorkflow } from './workflows/put-workflow.js';
import { WorkflowsController } from './workflows/workflows.controller.js';

@Module({})
export class AppModule {
  static forConfig(config: ServiceConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ServiceModule.forService({ name: 'workflow-service', config, entities: [], migrations, subscriptions }),
      ],
      controllers: [WorkflowsController],
      providers: [...handlersOf(subscriptions), PutWorkflow, ListWorkflows],
    };
  }
}
