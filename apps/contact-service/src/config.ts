import { Matches } from 'class-validator';
import { Address, ReadableFile, ServiceConfig, WholeNumber } from '#service';

export class ContactConfig extends ServiceConfig {
  /** Keys the recipient of the confirmation is sealed with; notification-service has the same file. */
  @ReadableFile() SEAL_KEYRING_FILE: string;
  /** Where a person sees how far the removal is; the random token is put behind it, so it ends with a slash. */
  @Address('http', 'https') @Matches(/\/$/, { message: 'must end with a slash' }) STATUS_PAGE_URL: string;
  /** A removal is asked for again after this time while the contact is still here. */
  @WholeNumber(60, 604_800) EXPUNGE_REPEAT_AFTER_SECONDS: number = 3_600;
  /** Where the link of a removal mail leads: the public address of /r/ of this service; the token is put behind it. */
  @Address('http', 'https') @Matches(/\/$/, { message: 'must end with a slash' }) REMOVAL_LINK_URL: string;
  /** Where the link of a mail that asks to opt in leads: the public address of /o/ of this service. */
  @Address('http', 'https') @Matches(/\/$/, { message: 'must end with a slash' }) OPT_IN_LINK_URL: string;
  /** How many contacts of one client company are removed for their silence in a day (UTC), at most. */
  @WholeNumber(1, 100_000_000) SILENT_EXPUNGES_PER_DAY: number = 10_000;
  /** How many proxies of ours stand before this service and add the caller's address to X-Forwarded-For. */
  @WholeNumber(0, 10) TRUST_PROXY_HOPS: number = 0;
  /** How often an hour removal by address may be asked for: for one address, by one caller, for one client company. */
  @WholeNumber(1, 1_000_000) REMOVAL_REQUESTS_PER_ADDRESS: number = 3;
  @WholeNumber(1, 1_000_000) REMOVAL_REQUESTS_PER_CLIENT: number = 20;
  @WholeNumber(1, 1_000_000) REMOVAL_REQUESTS_PER_TENANT: number = 1_000;
  /** The key that addresses of removed people are hashed with. Of its own: who changes it loses what the ledger knows. */
  @ReadableFile() SUPPRESSION_KEY_FILE: string;
  /** How long a company may not add the address of somebody who was removed, or who did not answer when asked. */
  @WholeNumber(1, 36_500) SUPPRESS_REMOVED_DAYS: number = 1_095;
  @WholeNumber(1, 36_500) SUPPRESS_NO_ANSWER_DAYS: number = 365;
  /** The largest file that is taken for an import. */
  @WholeNumber(1, 1_099_511_627_776) MAX_IMPORT_BYTES: number = 1_073_741_824;
  /** How long the report of an import is kept. Certificates say that none outlives the most that is allowed here. */
  @WholeNumber(1, 30) IMPORT_REPORT_DAYS: number = 7;
}
