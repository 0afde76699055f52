import { writeFileSync } from 'node:fs';
import { asyncApi } from './asyncapi.js';

const [file] = process.argv.slice(2);
if (!file) throw new Error('usage: write-asyncapi <file>');
writeFileSync(file, `${JSON.stringify(asyncApi(), null, 2)}\n`);
