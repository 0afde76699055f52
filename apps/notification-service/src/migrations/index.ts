import { HeadersAsWritten1790000000000 } from '#messaging';
import { CreateTables1764000000000 } from './0001-create-tables.js';
import { TenantsApart1765000000000 } from './0002-tenants-apart.js';
import { OptInMails1767000000000 } from './0003-opt-in-mails.js';
import { CancelledMails1769000000000 } from './0004-cancelled-mails.js';
import { TraceOfMail1791000000000 } from './0005-trace-of-mail.js';
import { TimeOfTrying1793000000000 } from './0006-time-of-trying.js';

export const migrations = [
  CreateTables1764000000000,
  TenantsApart1765000000000,
  OptInMails1767000000000,
  CancelledMails1769000000000,
  HeadersAsWritten1790000000000,
  TraceOfMail1791000000000,
  TimeOfTrying1793000000000,
];
