import type { ConnectionOptions } from 'node:tls';
import { Logger } from '@nestjs/common';
import { Kafka, type LogEntry, logLevel, type SASLOptions } from 'kafkajs';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { giveUpSilentBroker } from './give-up-silent-broker.js';
import { leanEncoder } from './lean-encoder.js';

/** Where the brokers are, how they are known, and who we are to them. */
export interface KafkaConnection {
  readonly brokers: readonly string[];
  /** What `tls.connect` is given for each new connection; without it connections are not encrypted. */
  readonly tls?: Pick<ConnectionOptions, 'secureContext'>;
  readonly login?: {
    readonly mechanism: 'scram-sha-512' | 'scram-sha-256';
    readonly username: string;
    /** Asked for each new connection. */
    readonly password: () => string;
  };
}

/**
 * A kafkajs client set up for this library. Few retries inside kafkajs: relay and consumer wait for a broker themselves,
 * for ever and visibly, with a new connection each time.
 */
export function kafkaClient(clientId: string, { brokers, tls, login }: KafkaConnection): Kafka {
  stopIdleTimer();
  giveUpSilentBroker();
  leanEncoder();
  return new Kafka({
    clientId,
    brokers: [...brokers],
    // kafkajs copies what it finds here for each connection, so getters are asked each time.
    ssl: tls,
    sasl: login && saslOf(login),
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 },
    logLevel: logLevel.WARN,
    logCreator,
  });
}

function saslOf({ mechanism, username, password }: NonNullable<KafkaConnection['login']>): SASLOptions {
  return {
    mechanism,
    username,
    get password() {
      return password();
    },
  };
}

/** kafkajs' own lines, without its data: they may quote what a record holds. */
function logCreator() {
  const logger = new Logger('kafkajs');
  return ({ namespace, level, log }: LogEntry) => {
    if (/Limiting retries for the idempotent producer/.test(log.message)) return;
    const line = { msg: 'kafkajs', namespace, text: log.message.slice(0, 200) };
    if (level <= logLevel.ERROR) logger.warn(line);
    else logger.debug(line);
  };
}

interface IdleTimerQueue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: unknown;
}

/**
 * kafkajs 2.2.4 checks an empty request queue once a millisecond, for ever (about 3 % of a core per idle process, and
 * warnings about negative timeouts on Node 24). A check is only needed while something is pending or throttled.
 */
function stopIdleTimer(): void {
  const prototype = RequestQueue.prototype as RequestQueuePrototype;
  if (prototype.idleTimerStopped) return;
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: IdleTimerQueue): void {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
  };
  prototype.idleTimerStopped = true;
}

interface RequestQueuePrototype {
  idleTimerStopped?: boolean;
  scheduleCheckPendingRequests(this: IdleTimerQueue): void;
}
