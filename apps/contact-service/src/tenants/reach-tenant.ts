import type { VerifiedCaller } from '#service';
import type { Side } from './expunge-policy.js';
import { unknownTenant } from './load-policy.js';

/** Vendor staff act for the vendor, whatever other roles they hold. */
export const sideOf = ({ roles }: VerifiedCaller): Side => (roles.includes('vendor-staff') ? 'vendor' : 'client');

/**
 * Vendor staff reach the client company they name, everybody else only the own one: 404 as for one that does not exist.
 * Answers the tenant to bind the transaction to, which for clients is the token's: without the check here, the database
 * itself would show them nothing of another.
 */
export function reachTenant(caller: VerifiedCaller, named: string): string {
  if (sideOf(caller) === 'vendor') return named;
  if (caller.tenantId !== named) throw unknownTenant();
  return caller.tenantId;
}
