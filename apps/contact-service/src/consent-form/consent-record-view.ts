import { Type } from 'class-transformer';
import { Equals, IsDate, IsIn, IsInt, IsString, IsUUID, Max, Min, ValidateNested } from 'class-validator';
import { Example, Optional } from '#service';

export const EVENT_STATES = ['given', 'refused', 'withdrawn'] as const;
/** A yes; a no; a no after a yes. */
export type EventState = (typeof EVENT_STATES)[number];

/** The client company, by the name it has today; the notice has the one of that day. */
export class PiiController {
  @IsUUID() party_id: string;
  @IsString() party_name: string;
  @IsString() party_contact: string;
}

/** The words that were shown, and what proves that they are these. */
export class PrivacyNotice {
  @IsString() text: string;
  @IsInt() version: number;
  /** SHA-256, base64url, of language, version and text, each on its own line. */
  @IsString() hash: string;
}

/** One decision of a person and its proof, with the names of ISO/IEC TS 27560:2023. Ids only: it stays after an erasure. */
@Example({
  schema_version: 'ISO/IEC TS 27560:2023',
  record_id: '0197f3a0-6c1e-7d10-9a55-3f0c1f6f0b11',
  pii_principal_id: '0197f39e-11aa-7c3e-8f52-9b1d4e6a7c80',
  pii_controller: {
    party_id: '6f1c2a54-3d0e-4c55-9a3e-2b7c1f0a9d11',
    party_name: 'Acme Corporation',
    party_contact: 'privacy@acme.example',
  },
  purpose: 'recruiting',
  lawful_basis: 'consent',
  language: 'en',
  privacy_notice: {
    text: '[x] I agree that Acme Corporation keeps my data and writes to me about jobs.\n[Opt in]',
    version: 1,
    hash: 'hUPFoTFhvXsCoJvbBHO6TJTqdmbhXJXx5Gfhd2kqiSM',
  },
  event_time: '2026-11-02T09:30:00.000Z',
  event_type: 'explicit',
  event_state: 'given',
  collection_method: 'form',
  email_id: '9d1a3f52-14cb-4a8e-b7f3-5c2e81d6f094',
})
export class ConsentRecordView {
  @Equals('ISO/IEC TS 27560:2023') schema_version: string;
  @IsUUID() record_id: string;
  /** The id of the contact. */
  @IsUUID() pii_principal_id: string;
  @ValidateNested() @Type(() => PiiController) pii_controller: PiiController;
  @Equals('recruiting') purpose: string;
  @Equals('consent') lawful_basis: string;
  /** BCP 47; `zxx` where a mail program declined and no words were shown. */
  @IsString() language: string;
  @ValidateNested() @Type(() => PrivacyNotice) privacy_notice: PrivacyNotice;
  @IsDate() event_time: Date;
  @Equals('explicit') event_type: string;
  @IsIn(EVENT_STATES) event_state: EventState;
  /** On the form, or by a mail program that unsubscribed (RFC 8058). */
  @IsIn(['form', 'one-click']) collection_method: 'form' | 'one-click';
  /** The mail whose link was used. */
  @IsUUID() email_id: string;
}

export class ConsentRecordsPage {
  @Optional() @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `next` of the page before. */
  @Optional() @IsUUID() after?: string;
}

/** Oldest first. */
export class ConsentRecords {
  @ValidateNested({ each: true }) @Type(() => ConsentRecordView) items: ConsentRecordView[];
  /** To be given as `after` for the next page; absent on the last one. */
  @Optional() @IsUUID() next?: string;
}
