import './own-source-maps.js';
export { Caller, StaffCaller, TenantCaller, VerifiedCaller } from './access/caller.js';
export { AnswersWithoutDatabase } from './answers-without-database.js';
export { type Actor, Audit, type AuditEntry } from './audit/audit.js';
export { createAuditTables, dropAuditTables, makeAppendOnly } from './audit/audit-tables.js';
export { type ClassOf, ConfigurationError, loadConfig, type LogLevel, ServiceConfig } from './config.js';
export { Address, Flag, HostList, InsteadOf, Needs, ReadableFile, SecretFile, WholeNumber } from './config-rules.js';
export { type EntityClass, type MigrationClass } from './database.js';
export { type FieldError, Gone, InvalidInput, NotFound, Rejection, ServiceError, Unavailable } from './errors.js';
export { readForm, TakesForm } from './forms.js';
export { bytesOf } from './http.js';
export { DatabaseReadings, type DatabaseReading } from './metrics/database-readings.js';
export { MetricsServer } from './metrics/metrics-server.js';
export { migrate } from './migrate.js';
export { requireNodeVersion } from './node-version.js';
export { documentOf } from './openapi/module-routes.js';
export { Answers, Example, OrNull, Refuses, Summary, TakesFile } from './openapi/decorators.js';
export { PageHeaders, renderPage } from './page.js';
export { type Problem } from './problem.js';
export { type PumpDefinition, type PumpResult, Pumps } from './pump.js';
export { Readiness } from './readiness.js';
export { ReloadedFile, type ReloadedFileOptions } from './reloaded-file.js';
export { runService, type ServiceDefinition } from './run-service.js';
export { KeyringFile, type SealKey, UnusableKeyring } from './seal/keyring-file.js';
export { secretFile } from './secret-files.js';
export { openSeal, seal, type SealBinding, type SealedRecipient, SealMismatch, SealUnreadable } from './seal/seal.js';
export { commit, newSalt, normaliseAddress } from './seal/subject-commitment.js';
export { ServiceModule, type ServiceParts } from './service.module.js';
export { type RunningApp, startApp } from './start-app.js';
export { TenantTurns } from './tenant-turns.js';
export {
  EmailAddress,
  isEmailAddress,
  isPhone,
  isPlainText,
  Moment,
  MultilineText,
  Phone,
  PlainText,
  tidy,
} from './text-rules.js';
export { Optional, UuidParam } from './validation.js';
