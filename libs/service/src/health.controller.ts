import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Controller, Get, type OnApplicationShutdown, Res } from '@nestjs/common';
import type { Response } from 'express';
import { KafkaBatchServer } from '#messaging';
import { Public } from './access/roles.js';
import { AnswersWithoutDatabase } from './answers-without-database.js';
import { Readiness } from './readiness.js';

const SLOWEST_LOOP_MS = 2_000;

/**
 * For the supervisor. `started`: the process is up. `live`: event loop and consumer loop move; never asks database or
 * broker, since a restart would not mend those. `ready`: 503 with every reason why it should get no traffic.
 */
@Public()
@AnswersWithoutDatabase()
@Controller('health')
export class HealthController implements OnApplicationShutdown {
  private readonly loop = monitorEventLoopDelay({ resolution: 20 });

  constructor(
    private readonly readiness: Readiness,
    private readonly consumer: KafkaBatchServer,
  ) {
    this.loop.enable();
  }

  @Get('started')
  started(): object {
    return { status: 'started' };
  }

  @Get('live')
  live(@Res({ passthrough: true }) response: Response): object {
    const eventLoopMs = Math.round(this.loop.percentile(50) / 1e6);
    this.loop.reset();
    const problems = [
      ...(eventLoopMs > SLOWEST_LOOP_MS ? ['event loop: too slow'] : []),
      ...(this.consumer.alive() ? [] : ['consumer: its loop does not move']),
    ];
    if (problems.length > 0) response.status(503);
    return { status: problems.length > 0 ? 'not-live' : 'live', problems, eventLoopMs };
  }

  @Get('ready')
  ready(@Res({ passthrough: true }) response: Response): object {
    const problems = this.readiness.problems();
    if (problems.length > 0) response.status(503);
    return { status: problems.length > 0 ? 'not-ready' : 'ready', problems };
  }

  onApplicationShutdown(): void {
    this.loop.disable();
  }
}
