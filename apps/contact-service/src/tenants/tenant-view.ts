import { IsBoolean, IsDate, IsIn, IsInt, IsString, IsUUID } from 'class-validator';
import { Example, OrNull } from '#service';
import { EXPUNGE_POLICIES, type ExpungePolicy } from '../expunge/expunge.decision.js';
import type { PolicyNow } from './load-policy.js';

/** A client company as vendor staff and its own administrators see it. */
@Example({
  id: '6f1c2a54-3d0e-4c55-9a3e-2b7c1f0a9d11',
  name: 'Nordlicht Werke',
  expungePolicy: 'permanent',
  killSwitch: false,
  mailDomain: 'mail.nordlicht.example',
  languages: ['de', 'en'],
  privacyContact: 'privacy@nordlicht.example',
  revision: 3,
  createdAt: '2026-09-01T08:00:00.000Z',
  updatedAt: '2026-10-20T07:10:00.000Z',
})
export class TenantView {
  @IsUUID() id: string;
  @IsString() name: string;
  /** What is in force now; more about it under /expunge-policy. */
  @IsIn(EXPUNGE_POLICIES) expungePolicy: ExpungePolicy;
  @IsBoolean() killSwitch: boolean;
  @OrNull() @IsString() mailDomain: string | null;
  @IsString({ each: true }) languages: string[];
  @IsString() privacyContact: string;
  @IsInt() revision: number;
  @IsDate() createdAt: Date;
  @IsDate() updatedAt: Date;
}

export function tenantViewOf({ tenant, policy: expungePolicy, killSwitch }: PolicyNow): TenantView {
  const { id, name, mailDomain, languages, privacyContact, revision, createdAt, updatedAt } = tenant;
  const facts = { mailDomain, languages, privacyContact, revision, createdAt, updatedAt };
  return { id, name, expungePolicy, killSwitch, ...facts };
}
