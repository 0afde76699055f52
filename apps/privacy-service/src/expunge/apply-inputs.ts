import type { Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Input } from './expunge-state.process.js';
import { type Folded, foldInputs } from './fold-inputs.js';
import { lockRequests } from './request-rows.js';

/** Locks the requests these inputs are about and takes each through its own; what changed is for the caller to write. */
export async function applyInputs(
  inputs: readonly Input[],
  tx: EntityManager,
  logger: Logger,
): Promise<Pick<Folded, 'changed' | 'messages'>> {
  if (inputs.length === 0) return { changed: [], messages: [] };
  const ids = inputs.map(({ expungeId }) => expungeId);
  const { changed, messages, ignored } = foldInputs(await lockRequests(tx, ids), inputs);
  if (Object.keys(ignored).length > 0) logger.log({ msg: 'inputs ignored', ignored });
  return { changed, messages };
}
