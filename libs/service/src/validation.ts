import { Injectable, Param, type PipeTransform, ValidationPipe } from '@nestjs/common';
import { getMetadataStorage, isUUID, ValidateIf, type ValidationError } from 'class-validator';
import { type FieldError, InvalidInput, NotFound } from './errors.js';

const UNKNOWN_FIELD = 'whitelistValidation';

/**
 * Checks bodies and queries against their class: unknown fields are refused and nothing is converted unless the
 * class says so with @Type (a string "1" for a number is a 400). Throws {@link InvalidInput}.
 */
export const validationPipe = (): ValidationPipe =>
  new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    validationError: { target: true, value: false },
    exceptionFactory: (errors) => new InvalidInput(errors.flatMap((error) => fieldErrors(error, ''))),
  });

function fieldErrors(error: ValidationError, parent: string): FieldError[] {
  if (error.constraints && UNKNOWN_FIELD in error.constraints) return [unknownField(error, parent)];
  const field = parent === '' ? error.property : `${parent}.${error.property}`;
  const own = Object.values(error.constraints ?? {}).map((message) => ({ field, message }));
  return [...own, ...(error.children ?? []).flatMap((child) => fieldErrors(child, field))];
}

/** The name of an unknown field is the caller's text and may be anything, so it is not repeated. */
function unknownField(error: ValidationError, parent: string): FieldError {
  const rules = getMetadataStorage().getTargetValidationMetadatas(
    (error.target as object).constructor,
    '',
    false,
    false,
  );
  const known = [...new Set(rules.map((rule) => rule.propertyName))];
  return { field: parent, message: `has a field that is not known; known are ${known.join(', ')}` };
}

/**
 * A field that may be left out but, unlike with `IsOptional`, is never null: null is judged by the field's other rules
 * and refused. For fields in which null would mean nothing.
 */
export const Optional = (): PropertyDecorator => ValidateIf((_, value: unknown) => value !== undefined);

/** Behind {@link UuidParam}. */
@Injectable()
export class UuidPipe implements PipeTransform {
  transform(value: unknown): string {
    if (!isUUID(value)) throw new NotFound();
    return String(value).toLowerCase();
  }
}

/** A path parameter that is a UUID, in lower case. Anything else is the id of nothing: 404. */
export const UuidParam = (name: string): ParameterDecorator => Param(name, UuidPipe);
