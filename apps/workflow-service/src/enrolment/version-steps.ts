import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { SafeMessageError } from '#messaging';
import type { Step } from '../actions/action.process.js';

const MOST_REMEMBERED = 10_000;

interface PinnedTo {
  readonly workflowId: string;
  readonly version: number;
}

class UnknownVersion extends SafeMessageError {
  constructor() {
    super('There is no such version of this workflow.');
  }
}

/** The steps of versions that enrolments are pinned to. What was activated never changes, so it is read once. */
@Injectable()
export class VersionSteps {
  private readonly known = new Map<string, readonly Step[]>();

  /** Reads what is not known yet with one statement. The transaction must see these workflows. */
  async load(tx: EntityManager, pinned: readonly PinnedTo[]): Promise<(pin: PinnedTo) => readonly Step[]> {
    const missing = new Map(pinned.filter((pin) => !this.known.has(keyOf(pin))).map((pin) => [keyOf(pin), pin]));
    if (this.known.size + missing.size > MOST_REMEMBERED) this.known.clear();
    // Everything asked for is read again after a clearing, so that nothing of this batch is missing.
    const wanted = this.known.size === 0 ? new Map(pinned.map((pin) => [keyOf(pin), pin])) : missing;
    if (wanted.size > 0) await this.read(tx, [...wanted.values()]);
    return (pin) => {
      const steps = this.known.get(keyOf(pin));
      if (!steps) throw new UnknownVersion();
      return steps;
    };
  }

  private async read(tx: EntityManager, wanted: readonly PinnedTo[]): Promise<void> {
    const rows: { workflow_id: string; number: number; steps: Step[] }[] = await tx.query(
      `SELECT v.workflow_id, v.number, v.steps FROM workflow_version v
       JOIN unnest($1::uuid[], $2::int[]) AS n (workflow_id, number) USING (workflow_id, number)`,
      [wanted.map(({ workflowId }) => workflowId), wanted.map(({ version }) => version)],
    );
    for (const { workflow_id: workflowId, number: version, steps } of rows) {
      this.known.set(keyOf({ workflowId, version }), steps);
    }
  }
}

const keyOf = ({ workflowId, version }: PinnedTo): string => `${workflowId} ${version}`;
