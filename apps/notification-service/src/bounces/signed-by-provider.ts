import { type CanActivate, type ExecutionContext, Injectable, Logger } from '@nestjs/common';
import type { Request } from 'express';
import { Webhook } from 'standardwebhooks';
import { bytesOf, NotFound, secretFile, ServiceError } from '#service';
import { NotificationConfig } from '../config.js';

/** Not signed by who knows the secret, signed too long ago, or something else was signed. */
class NotSigned extends ServiceError {
  readonly status = 401;

  constructor() {
    super('not-signed', 'A valid signature of the last five minutes is needed (Standard Webhooks).');
  }
}

const HEADERS = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;

/** Lets pass what is signed as Standard Webhooks wants it; a signature is good for five minutes. */
@Injectable()
export class SignedByProvider implements CanActivate {
  private readonly logger = new Logger('bounces');
  private readonly secrets: (() => string) | undefined;

  constructor({ MAIL_HOOK_SECRET_FILE: file }: NotificationConfig) {
    this.secrets = file === undefined ? undefined : secretFile(file);
  }

  canActivate(context: ExecutionContext): boolean {
    if (!this.secrets) throw new NotFound();
    const request = context.switchToHttp().getRequest<Request>();
    const headers = Object.fromEntries(HEADERS.map((name) => [name, request.header(name) ?? '']));
    const body = bytesOf(request);
    const secrets = this.secrets().split(/\s+/).filter(Boolean);
    if (secrets.some((secret) => isSigned(secret, body, headers))) return true;
    this.logger.warn({ msg: 'a call to the hook was not signed' });
    throw new NotSigned();
  }
}

/** Also a secret that is none, in a file that is being changed, signs nothing. */
function isSigned(secret: string, body: Buffer, headers: Record<string, string>): boolean {
  try {
    new Webhook(secret).verify(body, headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}
