import { HeadersAsWritten1790000000000 } from '#messaging';
import { ExpungeRequests1780000000001 } from './0001-expunge-requests.js';
import { TenantsApart1780000000002 } from './0002-tenants-apart.js';
import { WhatIsMeasured1791000000000 } from './0003-what-is-measured.js';

/** Every change of the schema, oldest first. */
export const migrations = [
  ExpungeRequests1780000000001,
  TenantsApart1780000000002,
  HeadersAsWritten1790000000000,
  WhatIsMeasured1791000000000,
];
