export { type Actor, type Answer, Api } from './api.js';
export { type DatabaseName, SERVICE_NAMES, type ServiceName } from './catalogue.js';
export { ConfigInvalid } from './config.js';
export { type CreateDatabasesOptions, type DatabaseUrls, createDatabases } from './databases.js';
export { anActiveWorkflow, ASKED_NEXT_DAY, type WorkflowDefinition } from './demo/an-active-workflow.js';
export { enableExpunge } from './demo/enable-expunge.js';
export {
  type IdentityProvider,
  type IdentityProviderOptions,
  type TokenRequest,
  startIdentityProvider,
} from './identity-provider.js';
export { WrongHash, downloadKafka } from './kafka/download-kafka.js';
export { JavaMissing } from './kafka/java.js';
export { type KafkaBroker, type KafkaOptions, startKafka } from './kafka/kafka.js';
export { type MailInbox, type MailInboxOptions, type ReceivedMail, startMailInbox } from './mail-inbox.js';
export { numberOption } from './number-option.js';
export { AlreadyRunning } from './orphans.js';
export { repositoryRoot } from './paths.js';
export { PortTaken, freePort } from './ports.js';
export { type PostgresOptions, type PostgresServer, startPostgres } from './postgres.js';
export { type Secrets, ensureAllSecrets, ensureSecrets } from './secrets.js';
export {
  type ServiceOptions,
  type ServiceProcess,
  SERVICE_FLAGS,
  migrateService,
  startService,
  waitUntilReady,
} from './services.js';
export { SupervisedService } from './supervisor.js';
export { type LocalSystem, type SystemOptions, startSystem } from './system.js';
export { untilSettled } from './until-settled.js';
export { waitUntil } from './wait-until.js';
