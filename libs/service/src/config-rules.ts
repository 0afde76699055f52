import { accessSync, constants } from 'node:fs';
import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { ValidateBy, type ValidationArguments } from 'class-validator';
import { readSecret } from './secret-files.js';

/** A whole number from `min` to `max`. */
export const WholeNumber = (min: number, max: number): PropertyDecorator =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value,
    ),
    rule('wholeNumber', `must be a whole number from ${min} to ${max}`, (value) => isWholeNumber(value, min, max)),
  );

/** An absolute address with one of these schemes, for example `Address('http', 'https')`. */
export const Address = (...schemes: string[]): PropertyDecorator =>
  rule(
    'address',
    `must be an address that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
    (value) => {
      const url = typeof value === 'string' ? URL.parse(value) : null;
      return url !== null && url.hostname !== '' && schemes.includes(url.protocol.slice(0, -1));
    },
  );

/** `host:port,host:port` becomes a list. */
export const HostList = (): PropertyDecorator =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? splitList(value) : value)),
    rule('hostList', 'must be a list of host:port, separated by commas', isHostList),
  );

/** The path of a file this process can read at start. */
export const ReadableFile = (): PropertyDecorator =>
  rule('readableFile', 'must be the path of a file that can be read', (value) => {
    try {
      accessSync(String(value), constants.R_OK);
      return typeof value === 'string';
    } catch {
      return false;
    }
  });

/** The path of a file that this process can read at start and that holds a secret. */
export const SecretFile = (): PropertyDecorator =>
  rule('secretFile', 'must be the path of a file that can be read and is not empty', (value) => {
    try {
      return typeof value === 'string' && readSecret(value) !== '';
    } catch {
      return false;
    }
  });

/** When this variable is given, the other one must be, too. */
export const Needs = (other: string): PropertyDecorator =>
  rule(`needs${other}`, `needs ${other}`, (_, all) => all[other] !== undefined);

/** When this variable is given, the other one must not be. */
export const Excludes = (other: string): PropertyDecorator =>
  rule(`excludes${other}`, `cannot be given together with ${other}`, (_, all) => all[other] === undefined);

/** The address in the other variable must not say what this file says, so that nobody wonders which of them counts. */
export const InsteadOf = (part: 'password' | 'ssl', other: string): PropertyDecorator =>
  rule(`insteadOf${other}`, `cannot be given together with ${part} in ${other}`, (_, all) => {
    const url = URL.parse(String(all[other]));
    const parameters = [...(url?.searchParams.keys() ?? [])];
    const said = parameters.some((name) => name.startsWith(part)) || (part === 'password' && Boolean(url?.password));
    return !said;
  });

/** `true` or `false`. */
export const Flag = (): PropertyDecorator =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value)),
    rule('flag', 'must be true or false', (value) => typeof value === 'boolean'),
  );

type Check = (value: unknown, all: Record<string, unknown>) => boolean;

function rule(name: string, message: string, check: Check): PropertyDecorator {
  const validate = (value: unknown, about?: ValidationArguments): boolean =>
    check(value, (about?.object ?? {}) as Record<string, unknown>);
  return ValidateBy({ name, validator: { validate, defaultMessage: () => message } });
}

function isWholeNumber(value: unknown, min: number, max: number): boolean {
  return Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
}

const splitList = (value: string): string[] => value.split(',').map((item) => item.trim());

const isHostList = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((item) => /^[\w.-]+:\d{1,5}$/.test(String(item)));
