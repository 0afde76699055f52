import { IsDate, IsIn, IsString, IsUUID } from 'class-validator';
import { Example } from '#service';

export const TRIGGERS = ['manual', 'import'] as const;
/** How a contact came in. Signing up oneself is no trigger: who comes on his own need not be asked. */
export type Trigger = (typeof TRIGGERS)[number];

/** What a client set up to happen to contacts that come in a certain way. */
@Example({
  id: '0c4d8f7a-52b6-4f0e-9d31-7a8e6b5c4d20',
  trigger: 'import',
  name: 'Ask for consent',
  createdAt: '2026-11-02T09:30:00.000Z',
})
export class Workflow {
  @IsUUID() id: string;
  @IsIn(TRIGGERS) trigger: Trigger;
  @IsString() name: string;
  @IsDate() createdAt: Date;
}
