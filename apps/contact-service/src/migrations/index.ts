import { HeadersAsWritten1790000000000 } from '#messaging';
import { CreateTables1764000000000 } from './0001-create-tables.js';
import { TenantsAndHolds1765000000000 } from './0002-tenants-and-holds.js';
import { RemovalByAddress1766000000000 } from './0003-removal-by-address.js';
import { WhoDisabled1767000000000 } from './0004-who-disabled.js';
import { Consent1767500000000 } from './0005-consent.js';
import { Imports1768000000000 } from './0006-imports.js';
import { VerifiedAddresses1769000000000 } from './0007-verified-addresses.js';
import { EndedImports1769100000000 } from './0008-ended-imports.js';
import { EndOfAsking1769200000000 } from './0009-end-of-asking.js';
import { UndoneUpTo1793000000000 } from './0010-undone-up-to.js';

export const migrations = [
  CreateTables1764000000000,
  TenantsAndHolds1765000000000,
  RemovalByAddress1766000000000,
  WhoDisabled1767000000000,
  Consent1767500000000,
  Imports1768000000000,
  VerifiedAddresses1769000000000,
  EndedImports1769100000000,
  EndOfAsking1769200000000,
  HeadersAsWritten1790000000000,
  UndoneUpTo1793000000000,
];
