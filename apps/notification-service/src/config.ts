import { IsFQDN, Matches } from 'class-validator';
import { Address, ReadableFile, ServiceConfig, WholeNumber } from '#service';

/** What notification-service is told besides what every service is told. */
export class NotificationConfig extends ServiceConfig {
  /** The keys that open sealed recipients; contact-service seals with the first one. */
  @ReadableFile() SEAL_KEYRING_FILE: string;
  /**
   * smtp://host:port (upgraded with STARTTLS when the server offers it) or smtps://user:password@host:port.
   * `?requireTLS=true`, `?ignoreTLS=true` and `?tls.rejectUnauthorized=false` are understood.
   */
  @Address('smtp', 'smtps') SMTP_URL: string;
  /** Domain of the sender, the return path, the Message-ID and the DKIM signature. */
  @IsFQDN() MAIL_DOMAIN: string;
  /** The public key is published at <selector>._domainkey.<MAIL_DOMAIN>. */
  @Matches(/^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/) DKIM_SELECTOR: string;
  /** RSA key of 2048 bits or more, PKCS#8 PEM. */
  @ReadableFile() DKIM_KEY_FILE: string;
  @WholeNumber(1, 100) SMTP_CONNECTIONS: number = 5;
  /** The longest wait for the mail server to connect, greet or answer. */
  @WholeNumber(1, 300) SMTP_TIMEOUT_SECONDS: number = 20;
  /** Pause after the first temporary refusal of a mail; doubles up to the longest one. */
  @WholeNumber(1, 3_600) MAIL_RETRY_FIRST_SECONDS: number = 30;
  @WholeNumber(1, 86_400) MAIL_RETRY_MAX_SECONDS: number = 3_600;
  /** A mail that could not be handed over for so long is given up: final, code `expired`. */
  @WholeNumber(1, 720) MAIL_GIVE_UP_AFTER_HOURS: number = 96;
}
