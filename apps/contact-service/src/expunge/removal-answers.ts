import { Equals, IsIn, IsUrl, IsUUID } from 'class-validator';
import { Example } from '#service';

/**
 * The answer to whoever asked; the same for the first click and every later one until the contact is erased, or a waiting
 * removal begins. What it waits for is not said.
 */
@Example({
  outcome: 'expunging',
  expungeId: '0d9a3f52-14cb-4a8e-b7f3-5c2e81d6f094',
  statusUrl: 'https://privacy.example.org/status/6Qm0cSxw2nUO5vKq1m4yJtE9dZ3hLbR7pAfWgXiVoTs',
})
export class RemovalAccepted {
  @IsIn(['expunging', 'waiting']) outcome: 'expunging' | 'waiting';
  @IsUUID() expungeId: string;
  /** Where the person sees how far it is, without a login. */
  @IsUrl() statusUrl: string;
}

@Example({ outcome: 'disabled' })
export class ContactDisabledOnly {
  @Equals('disabled') outcome: 'disabled';
}

export type ContactRemoved = RemovalAccepted | ContactDisabledOnly;
