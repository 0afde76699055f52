import { CreateTables1764000000000 } from './0001-create-tables.js';
import { TenantsApart1765000000000 } from './0002-tenants-apart.js';

export const migrations = [CreateTables1764000000000, TenantsApart1765000000000];
