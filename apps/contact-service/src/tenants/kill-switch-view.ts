import { Type } from 'class-transformer';
import { IsBoolean, IsDate, IsString, IsUUID, ValidateNested } from 'class-validator';
import { Example, Optional } from '#service';
import type { KillSwitchChange } from './kill-switch-change.js';

const STATE = { on: true, since: '2026-11-02T09:30:00.000Z' };
const CHANGE = {
  id: '0197f3b6-77f0-7c51-9e2a-4b8d0a6c3f15',
  on: true,
  reason: 'An import marked the wrong people.',
  by: 'officer-4711',
  at: '2026-11-02T09:30:00.000Z',
};

@Example(STATE)
export class KillSwitchState {
  /** While it is on, expunges that have not begun wait. */
  @IsBoolean() on: boolean;
  @Optional() @IsDate() since?: Date;
}

export class KillSwitchChangeView {
  @IsUUID() id: string;
  @IsBoolean() on: boolean;
  @IsString() reason: string;
  @IsString() by: string;
  @IsDate() at: Date;
}

@Example({ ...STATE, history: [CHANGE] })
export class KillSwitchWithHistory extends KillSwitchState {
  /** Newest first. */
  @ValidateNested({ each: true }) @Type(() => KillSwitchChangeView) history: KillSwitchChangeView[];
  /** To be given as `before` for the next page. */
  @Optional() @IsUUID() next?: string;
}

export const killSwitchStateOf = (since: Date | null): KillSwitchState =>
  since === null ? { on: false } : { on: true, since };

export const killSwitchChangeViewOf = ({ id, on, reason, by, at }: KillSwitchChange): KillSwitchChangeView => {
  return { id, on, reason, by, at };
};
