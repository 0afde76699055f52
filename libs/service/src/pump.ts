import { Injectable, Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { isSurroundingsError, safeError } from '#messaging';

/** 'more' = there is probably more to do, run again at once; 'idle' = wait for the next tick or wake. */
export type PumpResult = 'more' | 'idle';

export interface PumpDefinition {
  readonly name: string;
  /** Milliseconds between two looks at an idle queue. */
  readonly everyMs: number;
  readonly run: () => Promise<PumpResult>;
}

const LONGEST_PAUSE_MS = 60_000;

/** How long to wait after so many failures in a row, in whole milliseconds: doubling from `everyMs` to one minute. */
export const pauseAfter = (failures: number, everyMs: number): number =>
  Math.round(Math.min(LONGEST_PAUSE_MS, everyMs * 2 ** Math.min(failures, 20)));

/**
 * Work that is taken from tables again and again (timers, mails). The interval only ticks: what is due is a row.
 * A pump never overlaps itself, runs again at once while there is more, and after an error waits longer each time
 * (doubling from `everyMs` to one minute). Runs only between start() and stop().
 */
@Injectable()
export class Pumps {
  private readonly logger = new Logger(Pumps.name);
  private readonly pumps = new Map<string, Pump>();
  private running = false;

  constructor(private readonly scheduler: SchedulerRegistry) {}

  register(definition: PumpDefinition): void {
    const pump = new Pump(definition, this.logger);
    this.pumps.set(definition.name, pump);
    if (this.running) this.schedule(pump);
  }

  /** Looks at the queue now instead of at the next tick; not while it pauses after an error. */
  wake(name: string): void {
    if (this.running) this.pumps.get(name)?.tick();
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    for (const pump of this.pumps.values()) this.schedule(pump);
  }

  /** No run begins any more; resolves when those under way have ended. */
  async stop(): Promise<void> {
    this.running = false;
    for (const pump of this.pumps.values()) {
      if (this.scheduler.doesExist('interval', pump.name)) this.scheduler.deleteInterval(pump.name);
    }
    await Promise.all([...this.pumps.values()].map((pump) => pump.stop()));
  }

  /** Why work is standing still: pumps whose last run failed for want of the database or the network. */
  problems(): string[] {
    return [...this.pumps.values()]
      .filter((pump) => pump.blocked)
      .map((pump) => `${pump.name}: waiting for its surroundings`);
  }

  private schedule(pump: Pump): void {
    pump.resume();
    this.scheduler.addInterval(
      pump.name,
      setInterval(() => pump.tick(), pump.everyMs),
    );
    pump.tick();
  }
}

class Pump {
  readonly name: string;
  readonly everyMs: number;
  blocked = false;
  private run?: Promise<void>;
  private again = false;
  private stopping = false;
  private failures = 0;
  private pausedUntil = 0;

  constructor(
    private readonly definition: PumpDefinition,
    private readonly logger: Logger,
  ) {
    this.name = definition.name;
    this.everyMs = definition.everyMs;
  }

  tick(): void {
    if (this.stopping || performance.now() < this.pausedUntil) return;
    // A wake during a run may be about rows that run has already passed: it must look again before it rests.
    this.again = true;
    this.run ??= this.drain().finally(() => (this.run = undefined));
  }

  resume(): void {
    this.stopping = false;
    this.pausedUntil = 0;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.run;
  }

  private async drain(): Promise<void> {
    try {
      while (this.again && !this.stopping) {
        this.again = false;
        if ((await this.definition.run()) === 'more') this.again = true;
      }
      this.failures = 0;
      this.blocked = false;
    } catch (error) {
      this.failed(error);
    }
  }

  private failed(error: unknown): void {
    this.again = false;
    this.failures += 1;
    this.blocked = isSurroundingsError(error);
    const pauseMs = pauseAfter(this.failures, this.everyMs);
    this.pausedUntil = performance.now() + pauseMs;
    this.logger.error({ msg: 'pump failed', pump: this.name, pauseMs, error: safeError(error) });
  }
}
