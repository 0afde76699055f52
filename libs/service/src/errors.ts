import { SafeMessageError } from '#messaging';

/**
 * An answer that says no. `code` is for machines and never changes; `title` and `detail` are constant sentences of
 * ours without data of a person, so they may be answered and logged as they are.
 */
export abstract class ServiceError extends SafeMessageError {
  abstract readonly status: number;

  constructor(
    readonly code: string,
    readonly title: string,
    readonly detail?: string,
  ) {
    super(detail === undefined ? title : `${title} ${detail}`);
  }
}

/** The rule says no: 409 (the present state forbids it) or 422 (the request makes no sense). Never retried. */
export class Rejection extends ServiceError {
  constructor(
    code: string,
    title: string,
    readonly status: 409 | 422 = 409,
    detail?: string,
    /** Where there is more than one reason: all of them, in constant sentences. */
    readonly errors?: readonly FieldError[],
  ) {
    super(code, title, detail);
  }
}

/** 404: unknown, or of another tenant; the caller cannot tell which. */
export class NotFound extends ServiceError {
  readonly status = 404;

  constructor(code = 'not-found', title = 'There is nothing here.', detail?: string) {
    super(code, title, detail);
  }
}

/** 410: it was here and has been removed for good. */
export class Gone extends ServiceError {
  readonly status = 410;

  constructor(code = 'gone', title = 'This has been removed for good.', detail?: string) {
    super(code, title, detail);
  }
}

/** 503: cannot answer now; the same request may succeed later. */
export class Unavailable extends ServiceError {
  readonly status = 503;

  constructor(code = 'unavailable', title = 'The service cannot answer at the moment.', detail?: string) {
    super(code, title, detail);
  }
}

/** 400 with the list of what is wrong; `message` states the rule and never repeats what was sent. */
export class InvalidInput extends ServiceError {
  readonly status = 400;

  constructor(readonly errors: readonly FieldError[]) {
    super('invalid-input', 'The request breaks the rules listed in errors.');
  }
}

export interface FieldError {
  readonly field: string;
  readonly message: string;
}
