import { IsFQDN, IsOptional, Length, ValidateBy, type ValidationArguments } from 'class-validator';
import { Address, InsteadOf, Needs, ReadableFile, SecretFile, ServiceConfig, WholeNumber } from '#service';

/** A password is somebody's: without a name the mail server would refuse every mail. */
function NeedsUser(): PropertyDecorator {
  const validate = (_: unknown, about?: ValidationArguments): boolean => {
    const { SMTP_URL: url = '' } = (about?.object ?? {}) as Partial<NotificationConfig>;
    return Boolean(URL.parse(url)?.username);
  };
  return ValidateBy({
    name: 'needsUser',
    validator: { validate, defaultMessage: () => 'needs a user in SMTP_URL' },
  });
}

/** How mails that came back, and what a mail provider has to say of others, find their way in. */
class BounceConfig extends ServiceConfig {
  /** Where reports about mails are taken (SMTP); the MX of every sender domain leads there. Without it nothing listens. */
  @IsOptional() @WholeNumber(0, 65_535) BOUNCE_SMTP_PORT?: number;
  @Length(1, 255) BOUNCE_SMTP_HOST: string = '0.0.0.0';
  /** PEM; with them STARTTLS is offered. Looked at again every few seconds. */
  @IsOptional() @ReadableFile() @Needs('BOUNCE_SMTP_TLS_KEY_FILE') BOUNCE_SMTP_TLS_CERT_FILE?: string;
  @IsOptional() @ReadableFile() @Needs('BOUNCE_SMTP_TLS_CERT_FILE') BOUNCE_SMTP_TLS_KEY_FILE?: string;
  /**
   * The secret a mail provider signs its events with (Standard Webhooks, `whsec_...`), one in a line: a second one while it
   * is changed. Read again for each call. Without it there is no such route.
   */
  @IsOptional() @SecretFile() MAIL_HOOK_SECRET_FILE?: string;

  /** Nobody can tell of a mail that came back. Who was asked by it would then be removed for a silence of ours. */
  get isDeaf(): boolean {
    return this.BOUNCE_SMTP_PORT === undefined && this.MAIL_HOOK_SECRET_FILE === undefined;
  }
}

/** What notification-service is told besides what every service is told. */
export class NotificationConfig extends BounceConfig {
  /** The keys that open sealed recipients; contact-service seals with the first one. */
  @ReadableFile() SEAL_KEYRING_FILE: string;
  /**
   * smtp://host:port (upgraded with STARTTLS when the server offers it) or smtps://user:password@host:port.
   * `?requireTLS=true`, `?ignoreTLS=true` and `?tls.rejectUnauthorized=false` are understood.
   */
  @Address('smtp', 'smtps') SMTP_URL: string;
  /** The password of the user in that address, instead of one there; read again for each new connection. */
  @IsOptional() @SecretFile() @InsteadOf('password', 'SMTP_URL') @NeedsUser() SMTP_PASSWORD_FILE?: string;
  /** Domain of sender, return path and DKIM signature for clients without a key of their own; of every Message-ID. */
  @IsFQDN() MAIL_DOMAIN: string;
  /**
   * `{"keys":[{"domain","selector","privateKey"}]}`: one for MAIL_DOMAIN, and one for each client that sends under its
   * own domain. RSA of 2048 bits or more, PEM (PKCS#8). Read again when it changes.
   */
  @ReadableFile() DKIM_KEYS_FILE: string;
  @WholeNumber(1, 100) SMTP_CONNECTIONS: number = 5;
  /** The longest wait for the mail server to connect, greet or answer. */
  @WholeNumber(1, 300) SMTP_TIMEOUT_SECONDS: number = 20;
  /** Pause after the first temporary refusal of a mail; doubles up to the longest one. */
  @WholeNumber(1, 3_600) MAIL_RETRY_FIRST_SECONDS: number = 30;
  @WholeNumber(1, 86_400) MAIL_RETRY_MAX_SECONDS: number = 3_600;
  /** A mail that could not be handed over for so long is given up: final, code `expired`. */
  @WholeNumber(1, 720) MAIL_GIVE_UP_AFTER_HOURS: number = 96;
  /** Mails that ask to opt in, of one client from one sender domain: on its first day, twice as many on each further one. */
  @WholeNumber(1, 10_000_000) OPT_IN_MAILS_FIRST_DAY: number = 1_000;
  @WholeNumber(1, 10_000_000) OPT_IN_MAILS_MAX_PER_DAY: number = 50_000;
}
