import { CreateTables1764000000000 } from './0001-create-tables.js';

export const migrations = [CreateTables1764000000000];
