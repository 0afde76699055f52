import { type DynamicModule, Module, type Provider, type Type } from '@nestjs/common';
import { handlersOf } from '#messaging';
import { ServiceModule } from '#service';
import { ActivateWorkflow } from './activation/activate-workflow.js';
import { ActivationController } from './activation/activation.controller.js';
import { ApproveActivation } from './activation/approve-activation.js';
import { ArchiveWorkflow } from './activation/archive-workflow.js';
import { DryRunWorkflow } from './activation/dry-run.js';
import { EnrolExisting } from './activation/enrol-existing.js';
import { WorkflowConfig } from './config.js';
import { ApplyInputs } from './enrolment/apply-inputs.js';
import { ApplyMailOutcomes } from './enrolment/apply-mail-outcomes.js';
import { CountEnrolments } from './enrolment/count-enrolments.js';
import { EnrolmentsController } from './enrolment/enrolments.controller.js';
import { VersionSteps } from './enrolment/version-steps.js';
import { migrations } from './migrations/index.js';
import { Reconcile } from './reconciliation/reconcile.js';
import { ReconciliationController } from './reconciliation/reconciliation.controller.js';
import { ShowReconciliation } from './reconciliation/show-reconciliation.js';
import { subscriptions } from './subscriptions.js';
import { FireTimers } from './timers/fire-timers.js';
import { MeasureTimers } from './timers/measure-timers.js';
import { ChangeWorkflow } from './workflows/change-workflow.js';
import { CreateWorkflow } from './workflows/create-workflow.js';
import { DuplicateWorkflow } from './workflows/duplicate-workflow.js';
import { ListWorkflows } from './workflows/list-workflows.js';
import { ShowWorkflow } from './workflows/show-workflow.js';
import { TemplatesController } from './workflows/templates.controller.js';
import { WorkflowsController } from './workflows/workflows.controller.js';

const DEFINITIONS: Provider[] = [
  ListWorkflows,
  CreateWorkflow,
  ShowWorkflow,
  ChangeWorkflow,
  DuplicateWorkflow,
  DryRunWorkflow,
  ActivateWorkflow,
  ApproveActivation,
  ArchiveWorkflow,
  EnrolExisting,
];
const ENROLMENTS: Provider[] = [
  VersionSteps,
  ApplyInputs,
  ApplyMailOutcomes,
  CountEnrolments,
  FireTimers,
  MeasureTimers,
  Reconcile,
  ShowReconciliation,
];
const CONTROLLERS: Type[] = [
  WorkflowsController,
  ActivationController,
  EnrolmentsController,
  TemplatesController,
  ReconciliationController,
];

@Module({})
export class AppModule {
  static forConfig(config: WorkflowConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ServiceModule.forService({ name: 'workflow-service', config, entities: [], migrations, subscriptions }),
      ],
      controllers: CONTROLLERS,
      providers: [...handlersOf(subscriptions), ...DEFINITIONS, ...ENROLMENTS],
    };
  }
}
