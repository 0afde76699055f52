import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { lockSubjects } from '#erasure';
import { Outbox } from '#messaging';
import { loadEnrolments, writeEnrolments } from './enrolment-rows.js';
import { type AddressedInput, type Folded, foldInputs } from './fold-inputs.js';
import { lookUpByKey } from './look-up-by-key.js';
import { VersionSteps } from './version-steps.js';

/**
 * Takes the enrolments of these contacts through what happened to them, in its order: locks the subjects, loads the states,
 * decides, writes back and sends on, each with one statement for all. Contacts that are erased have no enrolments.
 */
@Injectable()
export class ApplyInputs {
  private readonly logger = new Logger('enrolments');

  constructor(
    private readonly outbox: Outbox,
    private readonly versions: VersionSteps,
  ) {}

  /** Returns the inputs of living contacts that no enrolment is there for. */
  async execute(tx: EntityManager, inputs: readonly AddressedInput[]): Promise<readonly AddressedInput[]> {
    if (inputs.length === 0) return [];
    await lookUpByKey(tx);
    const subjects = await lockSubjects(tx, inputs);
    const living = inputs.filter(({ contactId }) => !subjects.get(contactId)?.tombstone);
    const { ignored, unknown } = await this.applyLocked(tx, living);
    if (Object.keys(ignored).length > 0) this.logger.log({ msg: 'inputs ignored', ignored });
    return unknown;
  }

  /** The same for contacts whose subjects the caller has locked and found alive. */
  async applyLocked(tx: EntityManager, inputs: readonly AddressedInput[]): Promise<Folded> {
    if (inputs.length === 0) return { changed: [], messages: [], ignored: {}, unknown: [] };
    const { states, now } = await loadEnrolments(
      tx,
      inputs.map(({ contactId }) => contactId),
    );
    const stepsOf = await this.versions.load(tx, states);
    const folded = foldInputs({ states, stepsOf, now }, inputs);
    await writeEnrolments(tx, folded.changed);
    await this.outbox.add(tx, folded.messages);
    return folded;
  }
}
