import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsISO31661Alpha2,
  IsObject,
  IsUppercase,
  IsUUID,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { Example, InvalidInput, Moment, Optional } from '#service';
import { type Step, STEP_PARAMETERS } from '../actions/action.process.js';
import { ACTION_NAMES, type ActionName, actionOf } from '../actions/actions.process.js';
import { TEN_YEARS_IN_SECONDS } from '../config.js';

/** One step; which of the others an action takes is told when they do not fit. */
@Example({ action: 'wait', seconds: 2_592_000 })
export class WorkflowStep implements Step {
  @IsIn(ACTION_NAMES) action: ActionName;
  /** Of a wait. */
  @Optional() @IsInt() @Min(1) @Max(TEN_YEARS_IN_SECONDS) seconds?: number;
  /** Of a mail, from its acceptance; left out: a week longer than the waits after it, and 30 days at least. */
  @Optional() @IsInt() @Min(1) @Max(TEN_YEARS_IN_SECONDS) linkValidSeconds?: number;
}

/** Which contacts are enrolled, by what identifies nobody. What is left out or empty lets everybody in. */
@Example({ countries: ['DE', 'FR'], importIds: [] })
export class WorkflowFilter {
  /** ISO 3166-1 alpha-2. */
  @Optional()
  @IsArray()
  @ArrayMaxSize(300)
  @IsISO31661Alpha2({ each: true })
  @IsUppercase({ each: true })
  countries?: string[];
  @Optional() @IsArray() @ArrayMaxSize(1_000) @IsUUID(undefined, { each: true }) importIds?: string[];
}

/** What a version says, besides its number. */
export class VersionFacts {
  @IsArray() @ArrayMaxSize(20) @ValidateNested({ each: true }) @Type(() => WorkflowStep) steps: WorkflowStep[];
  @Optional() @IsObject() @ValidateNested() @Type(() => WorkflowFilter) filter?: WorkflowFilter;
  /** Contacts are enrolled from then on; left out: from the activation on. */
  @Optional() @Moment() startsAt?: string;
  /** Contacts are enrolled until then; those under way go on. */
  @Optional() @Moment() endsAt?: string;
}

/** Throws {@link InvalidInput} where a step lacks what its action needs, or has what it does not know. */
export function checkParameters(steps: readonly WorkflowStep[]): void {
  const errors = steps.flatMap((step, n) =>
    STEP_PARAMETERS.flatMap((parameter) => {
      const field = `steps.${n}.${parameter}`;
      const needed = actionOf(step.action)?.parameters[parameter];
      if (needed && step[parameter] === undefined) return [{ field, message: 'is missing for this action' }];
      if (needed === undefined && step[parameter] !== undefined) {
        return [{ field, message: 'is nothing this action knows' }];
      }
      return [];
    }),
  );
  if (errors.length > 0) throw new InvalidInput(errors);
}
