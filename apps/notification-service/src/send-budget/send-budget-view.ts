import { Type } from 'class-transformer';
import { IsBoolean, IsFQDN, IsInt, IsISO8601, IsOptional, Matches, Min, ValidateNested } from 'class-validator';
import { Example, OrNull } from '#service';

/** Today included. */
export class LastSevenDays {
  @IsInt() @Min(0) sent: number;
  @IsInt() @Min(0) hardBounces: number;
  @IsInt() @Min(0) softBounces: number;
  @IsInt() @Min(0) complaints: number;
}

/** The mails that ask to opt in: how many may go out, and how they are received. */
@Example({
  domain: 'mail.acme.example',
  day: '2026-03-01',
  allowedToday: 4000,
  sentToday: 4000,
  waiting: 5310,
  paused: false,
  pausedAt: null,
  lastSevenDays: { sent: 7000, hardBounces: 12, softBounces: 3, complaints: 1 },
})
export class SendBudgetView {
  /** They are sent from; it is warmed up by itself. */
  @IsFQDN() domain: string;
  /** In UTC; the next one begins a new count. */
  @Matches(/^\d{4}-\d{2}-\d{2}$/) day: string;
  /** Twice as many on each further day with mails, up to a most; 0 while they are paused. */
  @IsInt() @Min(0) allowedToday: number;
  @IsInt() @Min(0) sentToday: number;
  /** Not sent yet, for whatever reason. */
  @IsInt() @Min(0) waiting: number;
  /** More than 3 of 1,000 recipients complained: nothing is sent until a client admin resumes it. */
  @IsBoolean() paused: boolean;
  @OrNull() @IsOptional() @IsISO8601() pausedAt: string | null;
  @ValidateNested() @Type(() => LastSevenDays) lastSevenDays: LastSevenDays;
}
