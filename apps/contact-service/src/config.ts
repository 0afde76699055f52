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
  /** How many proxies of ours stand before this service and add the caller's address to X-Forwarded-For. */
  @WholeNumber(0, 10) TRUST_PROXY_HOPS: number = 0;
  /** How often an hour removal by address may be asked for: for one address, by one caller, for one client company. */
  @WholeNumber(1, 1_000_000) REMOVAL_REQUESTS_PER_ADDRESS: number = 3;
  @WholeNumber(1, 1_000_000) REMOVAL_REQUESTS_PER_CLIENT: number = 20;
  @WholeNumber(1, 1_000_000) REMOVAL_REQUESTS_PER_TENANT: number = 1_000;
}
