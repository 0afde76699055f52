import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Controller, Get, type OnApplicationShutdown, Res } from '@nestjs/common';
import type { Response } from 'express';
import { KafkaBatchServer } from '#messaging';
import { AnswersWithoutDatabase } from './answers-without-database.js';
import { HealthAnswer } from './health-answer.js';
import { Answers, Summary } from './openapi/decorators.js';
import { Readiness } from './readiness.js';

const SLOWEST_LOOP_MS = 2_000;

/**
 * For the supervisor. `started`: the process is up. `live`: event loop and consumer loop move; never asks database or
 * broker, since a restart would not mend those. `ready`: 503 with every reason why it should get no traffic.
 */
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
  @Summary('The process is up.')
  @Answers(200, HealthAnswer)
  started(): HealthAnswer {
    return { status: 'started' };
  }

  @Get('live')
  @Summary('Event loop and consumer loop move; never asks database or broker.')
  @Answers(200, HealthAnswer)
  @Answers(503, HealthAnswer)
  live(@Res({ passthrough: true }) response: Response): HealthAnswer {
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
  @Summary('Nothing keeps the service from doing its work; otherwise 503 with every reason.')
  @Answers(200, HealthAnswer)
  @Answers(503, HealthAnswer)
  ready(@Res({ passthrough: true }) response: Response): HealthAnswer {
    const problems = this.readiness.problems();
    if (problems.length > 0) response.status(503);
    return { status: problems.length > 0 ? 'not-ready' : 'ready', problems };
  }

  onApplicationShutdown(): void {
    this.loop.disable();
  }
}
