import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsArray, Matches } from 'class-validator';
import { Address, ReadableFile, ServiceConfig, WholeNumber } from '#service';

const DAY = 86_400;

const namesIn = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value;

export class PrivacyConfig extends ServiceConfig {
  /** JWKS with private Ed25519 keys, the current one first; retired ones may be public only and stay published. */
  @ReadableFile() CERTIFICATE_KEYS_FILE: string;
  /** Who signs: the public address of this service, under which the keys are found. */
  @Address('http', 'https') CERTIFICATE_ISSUER: string;
  /** Participants besides the built-in ones, separated by commas; copied into requests opened from now on. */
  @Transform(namesIn)
  @IsArray()
  @ArrayMaxSize(50)
  @Matches(/^[a-z][a-z0-9_-]{0,62}$/, { each: true, message: 'must be names of services, separated by commas' })
  EXTRA_PARTICIPANTS: string[] = [];
  /** Who has not answered is asked again after this time, then after twice that, up to the maximum, for ever. */
  @WholeNumber(1, DAY) ASK_AGAIN_FIRST_SECONDS: number = 60;
  @WholeNumber(1, 7 * DAY) ASK_AGAIN_MAX_SECONDS: number = 3_600;
  /** A request that takes longer is shown as overdue. Nothing else follows from it. */
  @WholeNumber(1, 365 * DAY) OVERDUE_AFTER_SECONDS: number = DAY;
  /**
   * A confirmation whose outcome has not come so long after completion counts as failed, and the sealed recipient is
   * deleted. Longer than notification-service itself tries (MAIL_GIVE_UP_AFTER_HOURS, 96 hours).
   */
  @WholeNumber(1, 365) CONFIRMATION_GIVE_UP_DAYS: number = 14;
  /** What contact-service is told under the same names: certificates say how long it keeps a hash of an address. */
  @WholeNumber(1, 36_500) SUPPRESS_REMOVED_DAYS: number = 1_095;
  @WholeNumber(1, 36_500) SUPPRESS_NO_ANSWER_DAYS: number = 365;
}
