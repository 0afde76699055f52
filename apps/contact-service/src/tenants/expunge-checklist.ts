import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayUnique, IsArray, IsBoolean, IsIn, IsObject, ValidateNested } from 'class-validator';
import { Example, Moment, Optional, PlainText } from '#service';
import { SOFT_DELETED, type SoftDeleted } from './expunge-policy.js';

/** Who can be told before removals become permanent. */
export const TOLD = ['works-council', 'data-protection-officer', 'recruiters', 'it', 'contacts'] as const;
export type Told = (typeof TOLD)[number];

/** What must be settled before expunge is enabled. Every point may be left out while it is filled in; see missingFrom. */
export class ExpungeChecklist {
  @Optional() @IsArray() @ArrayMaxSize(TOLD.length) @ArrayUnique() @IsIn(TOLD, { each: true }) told?: Told[];
  @Optional() @PlainText(500) toldNote?: string;
  /** Duties to keep data (accounting, disputes) were checked. */
  @Optional() @IsBoolean() retentionDutiesChecked?: boolean;
  /** The client's mail domain is set and its DKIM key is published, so that confirmations arrive. */
  @Optional() @IsBoolean() mailDomainAndDkimKeySet?: boolean;
  @Optional() @IsBoolean() workflowsReviewed?: boolean;
  /** What happens to contacts that are soft-deleted already. */
  @Optional() @IsIn(SOFT_DELETED) softDeleted?: SoftDeleted;
}

/** To enable expunge for a client company. It needs the approval of the other side. */
@Example({
  effectiveAt: '2026-11-02T00:00:00Z',
  reason: 'Agreed with the works council on 12 October.',
  checklist: {
    told: ['works-council', 'data-protection-officer', 'recruiters'],
    retentionDutiesChecked: true,
    mailDomainAndDkimKeySet: true,
    workflowsReviewed: true,
    softDeleted: 'keep',
  },
})
export class EnablingRequest {
  /** From when on; the present means at once. At most an hour ago and a year ahead. */
  @Moment() effectiveAt: string;

  @PlainText(500) reason: string;
  @IsObject() @ValidateNested() @Type(() => ExpungeChecklist) checklist: ExpungeChecklist;
}

/** What is not settled yet; empty when the checklist is complete. Pure. */
export function missingFrom(checklist: ExpungeChecklist): (keyof ExpungeChecklist)[] {
  const settled: Partial<Record<keyof ExpungeChecklist, boolean>> = {
    told: (checklist.told ?? []).length > 0,
    retentionDutiesChecked: checklist.retentionDutiesChecked,
    mailDomainAndDkimKeySet: checklist.mailDomainAndDkimKeySet,
    workflowsReviewed: checklist.workflowsReviewed,
    softDeleted: checklist.softDeleted !== undefined,
  };
  return Object.entries(settled).flatMap(([point, done]) => (done === true ? [] : [point as keyof ExpungeChecklist]));
}
