import { type DynamicModule, Logger } from '@nestjs/common';
import { safeError } from '#messaging';
import { type RunningApp, startApp } from './start-app.js';

const logger = new Logger('Process');

/** Runs a service until SIGTERM or SIGINT stops it gracefully (exit 0; 1 when the deadline passes) or it breaks (1). */
export async function serve(module: DynamicModule): Promise<void> {
  process.on('uncaughtException', (error) => breakDown('uncaught exception', error));
  process.on('unhandledRejection', (error) => breakDown('unhandled rejection', error));
  // Node's own listener would print text among the lines of JSON.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => logger.warn({ msg: 'warning of the runtime', error: safeError(warning) }));
  // Signals count from the first moment on; a service that is still starting is stopped once it has started.
  const starting = startApp(module);
  stopOnSignal(starting);
  const { url } = await starting;
  logger.log({ msg: 'listening', url });
}

/** The state of the process is unknown; its supervisor starts a new one, and nothing committed is lost. */
function breakDown(msg: string, error: unknown): void {
  logger.fatal({ msg, error: safeError(error) });
  process.exit(1);
}

function stopOnSignal(starting: Promise<RunningApp>): void {
  let stopping = false;
  const onSignal = (signal: string): void => {
    logger.log({ msg: stopping ? 'already stopping' : 'stopping', signal });
    if (!stopping) void stop(starting);
    stopping = true;
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, onSignal);
}

async function stop(starting: Promise<RunningApp>): Promise<void> {
  try {
    await (await starting).stop();
    logger.log({ msg: 'stopped' });
    process.exit(0);
  } catch (error) {
    logger.error({ msg: 'stop failed', error: safeError(error) });
    process.exit(1);
  }
}
