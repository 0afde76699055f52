import { HeadersAsWritten1790000000000 } from '#messaging';
import { CreateTables1764000000000 } from './0001-create-tables.js';
import { TenantsApart1764000000001 } from './0002-tenants-apart.js';
import { ConsentWorkflow1767000000000 } from './0003-consent-workflow.js';
import { AskedAnew1769000000000 } from './0004-asked-anew.js';
import { TraceOfTimer1791000000000 } from './0005-trace-of-timer.js';
import { WhenKnown1792000000000 } from './0006-when-known.js';
import { RemindedAgain1793000000000 } from './0007-reminded-again.js';

export const migrations = [
  CreateTables1764000000000,
  TenantsApart1764000000001,
  ConsentWorkflow1767000000000,
  AskedAnew1769000000000,
  HeadersAsWritten1790000000000,
  TraceOfTimer1791000000000,
  WhenKnown1792000000000,
  RemindedAgain1793000000000,
];
