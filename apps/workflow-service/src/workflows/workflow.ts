export const TRIGGERS = ['manual', 'import'] as const;
/** How a contact came in. Signing up oneself is no trigger: who comes on his own need not be asked. */
export type Trigger = (typeof TRIGGERS)[number];

export const WORKFLOW_STATES = ['draft', 'active', 'archived'] as const;
/** `archived`: enrols nobody any more; those under way go on. */
export type WorkflowState = (typeof WORKFLOW_STATES)[number];

export const VERSION_STATES = ['draft', 'active', 'retired'] as const;
export type VersionState = (typeof VERSION_STATES)[number];
