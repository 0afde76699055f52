import { Matches } from 'class-validator';
import { Address, ReadableFile, ServiceConfig } from '#service';

export class ContactConfig extends ServiceConfig {
  /** Keys the recipient of the confirmation is sealed with; notification-service has the same file. */
  @ReadableFile() SEAL_KEYRING_FILE: string;
  /** Where a person sees how far the removal is; the random token is put behind it, so it ends with a slash. */
  @Address('http', 'https') @Matches(/\/$/, { message: 'must end with a slash' }) STATUS_PAGE_URL: string;
}
