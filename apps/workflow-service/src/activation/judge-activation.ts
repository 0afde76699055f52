import type { EntityManager } from 'typeorm';
import { Rejection } from '#service';
import type { Limits } from '../actions/action.process.js';
import { TEN_YEARS_IN_SECONDS, type WorkflowConfig } from '../config.js';
import { type DefinitionProblem, problemsOf } from '../workflows/check-definition.decision.js';
import { loadVersions } from '../workflows/load-workflow.js';
import type { VersionView, WorkflowSummary } from '../workflows/workflow-view.js';

export const limitsOf = (config: WorkflowConfig): Limits => ({
  shortestGraceSeconds: config.SHORTEST_GRACE_SECONDS,
  longestGraceSeconds: TEN_YEARS_IN_SECONDS,
});

/** Judged by the database's clock. */
export async function problemsOfVersion(
  tx: EntityManager,
  version: VersionView,
  limits: Limits,
): Promise<DefinitionProblem[]> {
  const [row]: { now: Date }[] = await tx.query('SELECT clock_timestamp() AS now');
  return problemsOf(version, limits, row?.now ?? new Date());
}

/** The draft version of a locked workflow, if it may be activated now. Throws {@link Rejection} with all that is wrong. */
export async function judgeDraft(
  tx: EntityManager,
  tenantId: string,
  workflow: WorkflowSummary,
  limits: Limits,
): Promise<VersionView> {
  const draft = (await loadVersions(tx, workflow.id)).find(({ state }) => state === 'draft');
  if (!draft) throw new Rejection('nothing-to-activate', 'The newest version is active already.');
  const problems = await problemsOfVersion(tx, draft, limits);
  if (problems.length > 0) throw cannotBeActivated(problems);
  const others: unknown[] = await tx.query(
    `SELECT FROM workflow WHERE tenant_id = $1 AND trigger = $2 AND state = 'active' AND id <> $3`,
    [tenantId, workflow.trigger, workflow.id],
  );
  if (others.length > 0) throw anotherIsActive();
  return draft;
}

function cannotBeActivated(problems: readonly DefinitionProblem[]): Rejection {
  const errors = problems.map(({ step, message }) => ({ field: step ? `steps.${step - 1}` : 'steps', message }));
  return new Rejection('cannot-be-activated', 'This cannot be activated; errors say why.', 422, undefined, errors);
}

const anotherIsActive = (): Rejection =>
  new Rejection(
    'another-is-active',
    'Another workflow is active for contacts that come in this way: archive it first.',
  );
