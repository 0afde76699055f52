import { Injectable } from '@nestjs/common';

/**
 * Why this service should get no traffic. Parts set and clear their own reason; sources are asked each time.
 * Reasons are constant sentences without data, so that `/health/ready` may be public.
 */
@Injectable()
export class Readiness {
  private readonly reasons = new Map<string, string>([['starting', 'starting']]);
  private readonly sources: (() => readonly string[])[] = [];

  set(part: string, problem: string): void {
    this.reasons.set(part, problem);
  }

  clear(part: string): void {
    this.reasons.delete(part);
  }

  watch(source: () => readonly string[]): void {
    this.sources.push(source);
  }

  /** Everything that is wrong now; empty means ready. */
  problems(): string[] {
    return [...this.reasons.values(), ...this.sources.flatMap((source) => source())];
  }
}
