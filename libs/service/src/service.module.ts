import { type DynamicModule, Global, Logger, Module, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DestinationStream } from 'pino';
import { type Routes, ROUTES, type ServiceName } from '#contracts';
import {
  Housekeeping,
  MeasureDeadLetters,
  MeasureOutbox,
  MESSAGING_CONNECTIONS,
  MESSAGING_DATABASE,
  MessagingModule,
  safeError,
  type Subscription,
} from '#messaging';
import { AccessGuard } from './access/access.guard.js';
import { AccessTokens } from './access/access-tokens.js';
import { ROUTE_TABLE, RouteTable } from './access/route-table.js';
import { Audit } from './audit/audit.js';
import { AuditLogController } from './audit/audit-log.controller.js';
import { ChainAuditRows } from './audit/chain-audit-rows.js';
import { ListAuditEntries } from './audit/list-audit-entries.js';
import { RefusedAttempts } from './audit/refused-attempts.js';
import { ServiceConfig } from './config.js';
import { databaseAccess, kafkaConnection } from './connections.js';
import { databaseOptions, type EntityClass, type MigrationClass } from './database.js';
import { DatabaseGuard } from './database-guard.js';
import { DatabaseLink, MIGRATIONS } from './database-link.js';
import { FormGuard } from './forms.js';
import { HealthController } from './health.controller.js';
import { OpenApiController, SERVICE_NAME } from './openapi/openapi.controller.js';
import { ServiceLogger } from './logging.js';
import { DatabaseReadings } from './metrics/database-readings.js';
import { MeasureAuditChain } from './metrics/measure-audit-chain.js';
import { MeasureCertificates } from './metrics/measure-certificates.js';
import { MeasurePool } from './metrics/measure-pool.js';
import { MeasureRequests } from './metrics/measure-requests.js';
import { MetricsServer } from './metrics/metrics-server.js';
import { ProblemFilter } from './problem-filter.js';
import { Pumps } from './pump.js';
import { Readiness } from './readiness.js';
import { ServiceLifecycle } from './service-lifecycle.js';
import { Traces } from './traces/traces.js';
import { validationPipe } from './validation.js';

export interface ServiceParts {
  readonly name: ServiceName;
  /** Who may call its routes; its lines of the one table unless a test says otherwise. */
  readonly routes?: Routes;
  /** Provided under its own class and as {@link ServiceConfig}. */
  readonly config: ServiceConfig;
  readonly entities: EntityClass[];
  readonly migrations: readonly MigrationClass[];
  readonly subscriptions: Subscription[];
  /** Where log lines go instead of the standard output. */
  readonly logTo?: DestinationStream;
}

/**
 * Everything a service needs besides its own use cases, available to all its modules: config, DataSource, Outbox and
 * the rest of messaging, Pumps, access, errors, health. The database is connected after the application is up, so
 * nothing may query it in a constructor or a Nest start-up hook.
 */
@Global()
@Module({})
export class ServiceModule {
  constructor(
    pumps: Pumps,
    housekeeping: Housekeeping,
    readings: DatabaseReadings,
    outbox: MeasureOutbox,
    letters: MeasureDeadLetters,
  ) {
    pumps.register({ name: 'housekeeping', everyMs: 60_000, run: () => housekeeping.execute() });
    readings.add(outbox);
    readings.add(letters);
  }

  static forService(parts: ServiceParts): DynamicModule {
    const { name, config, subscriptions } = parts;
    return {
      module: ServiceModule,
      imports: [
        DiscoveryModule,
        ScheduleModule.forRoot(),
        database(parts, config.DATABASE_POOL_SIZE),
        database(parts, MESSAGING_CONNECTIONS, 'messages'),
        MessagingModule.forService({ service: name, kafka: kafkaConnection(config), subscriptions }),
      ],
      controllers: [HealthController, OpenApiController, AuditLogController],
      providers: [
        ...values(parts),
        Readiness,
        { provide: MESSAGING_DATABASE, useExisting: getDataSourceToken('messages') },
        DatabaseLink,
        Pumps,
        ServiceLifecycle,
        AccessTokens,
        RouteTable,
        Audit,
        ...AUDIT_LOG,
        ...SEEN_FROM_OUTSIDE,
        ...EVERYWHERE,
      ],
      exports: [
        config.constructor as typeof ServiceConfig,
        ServiceConfig,
        Readiness,
        MESSAGING_DATABASE,
        DatabaseLink,
        Pumps,
        RouteTable,
        Audit,
        DatabaseReadings,
        MessagingModule,
      ],
    };
  }
}

/** What the audit log does by itself: chained, shown, told of refusals. */
const AUDIT_LOG: Provider[] = [ChainAuditRows, ListAuditEntries, RefusedAttempts];

/** Metrics and traces. */
const SEEN_FROM_OUTSIDE: Provider[] = [
  DatabaseReadings,
  MetricsServer,
  MeasureRequests,
  MeasurePool,
  MeasureCertificates,
  MeasureAuditChain,
  Traces,
];

/** Guards run in this order: who calls is checked before anything is said about the state of the service. */
const EVERYWHERE: Provider[] = [
  { provide: APP_GUARD, useClass: FormGuard },
  { provide: APP_GUARD, useClass: AccessGuard },
  { provide: APP_GUARD, useClass: DatabaseGuard },
  { provide: APP_PIPE, useFactory: validationPipe },
  { provide: APP_FILTER, useClass: ProblemFilter },
];

function values({ name, config, migrations, logTo, routes = ROUTES[name] }: ServiceParts): Provider[] {
  return [
    { provide: ROUTE_TABLE, useValue: routes },
    { provide: SERVICE_NAME, useValue: name },
    { provide: ServiceConfig, useValue: config },
    { provide: config.constructor as typeof ServiceConfig, useValue: config },
    { provide: MIGRATIONS, useValue: migrations },
    { provide: ServiceLogger, useValue: new ServiceLogger(name, config.LOG_LEVEL, logTo) },
  ];
}

function database({ name, config, entities }: ServiceParts, poolSize: number, purpose?: string): DynamicModule {
  const logger = new Logger('Database');
  const onIdleError = (error: unknown): void => logger.warn({ msg: 'idle connection lost', error: safeError(error) });
  const parts = { name: purpose ? `${name} ${purpose}` : name, access: databaseAccess(config), poolSize, entities };
  return TypeOrmModule.forRootAsync({
    name: purpose,
    useFactory: () => ({ ...databaseOptions({ ...parts, onIdleError }), name: purpose, manualInitialization: true }),
  });
}
