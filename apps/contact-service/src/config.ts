import { Matches } from 'class-validator';
import { Address, ReadableFile, ServiceConfig, WholeNumber } from '#service';

export class ContactConfig extends ServiceConfig {
  /** Keys the recipient of the confirmation is sealed with; notification-service has the same file. */
  @ReadableFile() SEAL_KEYRING_FILE: string;
  /** Where a person sees how far the removal is; the random token is put behind it, so it ends with a slash. */
  @Address('http', 'https') @Matches(/\/$/, { message: 'must end with a slash' }) STATUS_PAGE_URL: string;
  /** A removal is asked for again after this time while the contact is still here. */
  @WholeNumber(60, 604_800) EXPUNGE_REPEAT_AFTER_SECONDS: number = 3_600;
}
