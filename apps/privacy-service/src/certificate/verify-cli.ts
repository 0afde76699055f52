import 'reflect-metadata';
import { verifyCommand } from './verify-command.js';

const { exitCode, text } = await verifyCommand(process.argv.slice(2));
(exitCode === 0 ? process.stdout : process.stderr).write(`${text}\n`);
process.exitCode = exitCode;
