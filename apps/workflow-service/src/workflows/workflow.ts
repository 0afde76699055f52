export const TRIGGERS = ['manual', 'import'] as const;
/** How a contact came in. Signing up oneself is no trigger: who comes on his own need not be asked. */
export type Trigger = (typeof TRIGGERS)[number];

/** What a client set up to happen to contacts that come in a certain way. */
export interface Workflow {
  readonly id: string;
  readonly trigger: Trigger;
  readonly name: string;
  readonly createdAt: Date;
}
