import { join } from 'node:path';
import { SERVICES, type ServiceName } from '#contracts';
import type { LocalConfig } from './config.js';
import { repositoryRoot } from './paths.js';
import { type WantedPort, freePort } from './ports.js';

export { type ServiceName } from '#contracts';
export const SERVICE_NAMES = SERVICES;

type DatabaseOf<Service> = Service extends `${infer Name}-service` ? `${Name}_service` : never;
export type DatabaseName = DatabaseOf<ServiceName>;

export const DATABASE_NAMES = SERVICES.map(databaseOf);

/** contact-service keeps its data in contact_service, and so on. */
export function databaseOf(service: ServiceName): DatabaseName {
  return service.replace('-', '_') as DatabaseName;
}

/** The compiled program of a service. */
export function mainOf(service: ServiceName): string {
  return join(repositoryRoot(), 'dist', 'apps', service, 'src', 'main.js');
}

/** Every port that the system listens on, all on 127.0.0.1. */
export interface Ports {
  services: Record<ServiceName, number>;
  identity: number;
  smtp: number;
  /** Where notification-service takes mails that came back. */
  bounces: number;
  web: number;
  postgres: number;
  kafka: number;
  kafkaController: number;
}

/** The ports of `npm start`. */
export function fixedPorts(config: LocalConfig): Ports {
  const services = SERVICE_NAMES.map((name, index) => [name, config.portBase + 1 + index]);
  return {
    services: Object.fromEntries(services) as Record<ServiceName, number>,
    identity: config.portBase,
    smtp: config.portBase + 25,
    bounces: config.portBase + 26,
    web: config.portBase + 80,
    postgres: config.postgresPort,
    kafka: config.kafkaPort,
    kafkaController: config.kafkaPort + 1,
  };
}

/** Ports that are free now, for tests and the demo. */
export async function freePorts(): Promise<Ports> {
  const services: Partial<Record<ServiceName, number>> = {};
  for (const name of SERVICE_NAMES) services[name] = await freePort();
  return {
    services: services as Record<ServiceName, number>,
    identity: await freePort(),
    smtp: await freePort(),
    bounces: await freePort(),
    web: await freePort(),
    postgres: await freePort(),
    kafka: await freePort(),
    kafkaController: await freePort(),
  };
}

/** Which of the ports are needed, with the setting that moves each. */
export function wantedPorts(ports: Ports, parts: { postgres: boolean; kafka: boolean; mail: boolean }): WantedPort[] {
  const base = 'PORT_BASE';
  return [
    { port: ports.identity, what: 'identity provider', setting: base },
    ...SERVICE_NAMES.map((name) => ({ port: ports.services[name], what: name, setting: base })),
    { port: ports.bounces, what: 'mails that came back, SMTP', setting: base },
    ...(parts.mail ? [{ port: ports.smtp, what: 'mail inbox, SMTP', setting: base }] : []),
    ...(parts.mail ? [{ port: ports.web, what: 'mail inbox, web page', setting: base }] : []),
    ...(parts.postgres ? [{ port: ports.postgres, what: 'PostgreSQL', setting: 'POSTGRES_PORT' }] : []),
    ...(parts.kafka ? [{ port: ports.kafka, what: 'Kafka', setting: 'KAFKA_PORT' }] : []),
    ...(parts.kafka ? [{ port: ports.kafkaController, what: 'Kafka controller', setting: 'KAFKA_PORT' }] : []),
  ];
}
