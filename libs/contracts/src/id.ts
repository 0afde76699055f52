import { IsUUID, Matches, type ValidationOptions } from 'class-validator';

const LOWER_CASE = /^[0-9a-f-]{36}$/;

/** A UUID in lower case (RFC 9562, section 4), so that ids can be compared, and be keys, as they are written. */
export function IsId(options: ValidationOptions = {}): PropertyDecorator {
  return (target, property) => {
    IsUUID(undefined, options)(target, property);
    Matches(LOWER_CASE, options)(target, property);
  };
}
