import type { Actor, Api } from '../api.js';

/** Enables expunge for a client company at once, as it always is: one side asks with its checklist, the other approves. */
export async function enableExpunge(
  api: Api,
  tenantUrl: string,
  { asks, approves }: { asks: Actor; approves: Actor },
): Promise<void> {
  const requests = `${tenantUrl}/expunge-policy/requests`;
  const { body } = await api.call<{ id: string }>(asks, 'POST', requests, {
    effectiveAt: new Date().toISOString(),
    reason: 'Agreed between the vendor and the client.',
    checklist: {
      told: ['works-council', 'data-protection-officer', 'recruiters'],
      retentionDutiesChecked: true,
      mailDomainAndDkimKeySet: true,
      workflowsReviewed: true,
      softDeleted: 'keep',
    },
  });
  await api.call(approves, 'POST', `${requests}/${body.id}/approve`);
}
