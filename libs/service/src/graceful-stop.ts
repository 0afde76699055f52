import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type INestApplication, Logger } from '@nestjs/common';
import { SafeMessageError, safeError } from '#messaging';
import type { LastAnswers } from './last-answers.js';
import { ServiceLifecycle } from './service-lifecycle.js';

const DRAIN_LOOK_MS = 50;

/** The stop did not end in time; what was under way is taken up again after the next start (outbox, inbox, leases). */
export class StopDeadlineExceeded extends SafeMessageError {}

/**
 * Stops a service without losing work: not ready, consumer, running requests, pumps, relay (flushes), pools. Clients are told
 * first, and keep getting answers while the consumer stops. A step that fails is logged and the next one is still done.
 * Throws {@link StopDeadlineExceeded} after `deadlineSeconds`.
 */
export async function gracefulStop(
  app: INestApplication,
  lastAnswers: LastAnswers,
  deadlineSeconds: number,
): Promise<void> {
  lastAnswers.begin();
  const lifecycle = app.get(ServiceLifecycle);
  const deadline = new AbortController();
  const steps = inOrder([
    ['consumer', () => lifecycle.stopTakingWork()],
    ['http', () => drain(app.getHttpServer() as Server, lastAnswers)],
    ['work', () => lifecycle.finishWork()],
    ['pools', () => app.close()],
  ]);
  const tooLate = sleep(deadlineSeconds * 1_000, 'too-late' as const, { signal: deadline.signal }).catch(
    () => 'in-time' as const,
  );
  const outcome = await Promise.race([steps, tooLate]);
  deadline.abort();
  if (outcome === 'too-late') throw new StopDeadlineExceeded('The service did not stop in time.');
}

type Step = readonly [name: string, run: () => Promise<void>];

async function inOrder(steps: readonly Step[]): Promise<void> {
  const logger = new Logger('GracefulStop');
  for (const [step, run] of steps) {
    const begun = performance.now();
    await run().catch((error: unknown) => logger.error({ msg: 'stop step failed', step, error: safeError(error) }));
    logger.debug({ msg: 'stop step done', step, ms: Math.round(performance.now() - begun) });
  }
}

/** No new connections; idle ones are closed as they become idle, running requests get their answers. */
async function drain(server: Server, lastAnswers: LastAnswers): Promise<void> {
  await lastAnswers.untilQuiet();
  let open = server.listening;
  server.close(() => (open = false));
  while (open) {
    server.closeIdleConnections();
    await sleep(DRAIN_LOOK_MS);
  }
}
