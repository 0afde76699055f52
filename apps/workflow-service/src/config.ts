import { IsOptional, Length, ValidateBy, type ValidationArguments } from 'class-validator';
import { ServiceConfig, WholeNumber } from '#service';

export const TEN_YEARS_IN_SECONDS = 10 * 366 * 24 * 60 * 60;
const HOUR = 3_600;

/** A grace period of seconds is for demonstrations; in production it would remove people who could not have answered. */
function AnHourInProduction(): PropertyDecorator {
  const validate = (value: unknown, about?: ValidationArguments): boolean => {
    const { NODE_ENV } = (about?.object ?? {}) as Partial<WorkflowConfig>;
    return NODE_ENV !== 'production' || Number(value) >= HOUR;
  };
  return ValidateBy({
    name: 'anHourInProduction',
    validator: { validate, defaultMessage: () => `must be ${HOUR} or more in production` },
  });
}

/** What workflow-service is told besides what every service is told. */
export class WorkflowConfig extends ServiceConfig {
  @IsOptional() @Length(1, 100) NODE_ENV?: string;
  /** No mail may promise less time than this until the removal. */
  @WholeNumber(1, TEN_YEARS_IN_SECONDS) @AnHourInProduction() SHORTEST_GRACE_SECONDS: number = HOUR;
  /** An activation that enrols more known contacts at once than this needs a second person of the client. */
  @WholeNumber(0, 1_000_000_000) ACTIVATION_SECOND_PERSON_ABOVE: number = 500;
  /** How often enrolments, timers and what was asked for are compared. */
  @WholeNumber(1, 86_400) RECONCILE_EVERY_SECONDS: number = HOUR;
}
