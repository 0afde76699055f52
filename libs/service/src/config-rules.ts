import { accessSync, constants } from 'node:fs';
import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';

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

/** `true` or `false`. */
export const Flag = (): PropertyDecorator =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value)),
    rule('flag', 'must be true or false', (value) => typeof value === 'boolean'),
  );

function rule(name: string, message: string, validate: (value: unknown) => boolean): PropertyDecorator {
  return ValidateBy({ name, validator: { validate, defaultMessage: () => message } });
}

function isWholeNumber(value: unknown, min: number, max: number): boolean {
  return Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
}

const splitList = (value: string): string[] => value.split(',').map((item) => item.trim());

const isHostList = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((item) => /^[\w.-]+:\d{1,5}$/.test(String(item)));
