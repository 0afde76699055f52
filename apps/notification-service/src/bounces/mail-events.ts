import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsISO8601,
  IsUUID,
  Matches,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { Example, Optional } from '#service';

const EVENT = { emailId: '5f0f8a52-14cb-4a8e-b7f3-5c2e81d6f094', type: 'bounced', status: '5.1.1' };

/** What a mail provider tells of one mail: by our id of it, or by its Message-ID. */
export class MailEvent {
  @Optional() @IsUUID() emailId?: string;
  @Optional() @MaxLength(255) @Matches(/^<?[^\s<>@]+@[^\s<>@]+>?$/) messageId?: string;
  /** `bounced` and `complained` count; whatever else providers tell is passed over. */
  @Matches(/^[a-z][a-z0-9_.-]{0,62}$/i) type: string;
  /** RFC 3463; a bounce without one is not taken for final. */
  @Optional() @Matches(/^[245]\.\d{1,3}\.\d{1,3}$/) status?: string;
  @Optional() @IsISO8601() at?: string;
}

@Example({ events: [EVENT] })
export class MailEvents {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1_000)
  @ValidateNested({ each: true })
  @Type(() => MailEvent)
  events: MailEvent[];
}

/** What was new of it: the same events sent again add nothing. */
@Example({ received: 3, known: 2, added: 1 })
export class MailEventsTaken {
  @IsInt() @Min(0) received: number;
  /** Mails among them that are known here and bounced, or were complained of. */
  @IsInt() @Min(0) known: number;
  @IsInt() @Min(0) added: number;
}
