import type { LoggerService } from '@nestjs/common';
import {
  type DestinationStream,
  destination,
  type Level,
  type Logger as PinoLogger,
  pino,
  stdTimeFunctions,
} from 'pino';
import { currentTrace } from '#messaging';
import type { LogLevel } from './config.js';
import { redact } from './redaction.js';

/**
 * One JSON object per line: time (ISO 8601, UTC), level, service, context, msg, traceId, messageId and whatever an
 * object brings along. Errors are described without their message, keys that name personal data are masked.
 * Accepts what Nest passes: `log('text')`, `log({ msg, ... })`, `error(error)`.
 */
export class ServiceLogger implements LoggerService {
  private readonly pino: PinoLogger;

  constructor(service: string, level: LogLevel, stream: DestinationStream = destination({ dest: 1, sync: true })) {
    const options = {
      level,
      base: { service },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
    };
    this.pino = pino(options, stream);
  }

  log(message: unknown, ...more: unknown[]): void {
    this.write('info', message, more);
  }

  error(message: unknown, ...more: unknown[]): void {
    this.write('error', message, more);
  }

  warn(message: unknown, ...more: unknown[]): void {
    this.write('warn', message, more);
  }

  debug(message: unknown, ...more: unknown[]): void {
    this.write('debug', message, more);
  }

  verbose(message: unknown, ...more: unknown[]): void {
    this.write('trace', message, more);
  }

  fatal(message: unknown, ...more: unknown[]): void {
    this.write('fatal', message, more);
  }

  /** Nest passes (message, context) or (message, stack, context): stacks begin with a raw message and are left out. */
  private write(level: Level, message: unknown, more: readonly unknown[]): void {
    if (!this.pino.isLevelEnabled(level)) return;
    const context = more.at(-1);
    const trace = currentTrace();
    const line = {
      ...(typeof context === 'string' && !context.includes('\n') ? { context } : {}),
      ...(trace ? { traceId: trace.traceparent.split('-')[1] } : {}),
      ...(trace?.messageId ? { messageId: trace.messageId } : {}),
    };
    if (typeof message === 'string') this.pino[level](line, message);
    else this.pino[level]({ ...line, ...redact(message) });
  }
}
