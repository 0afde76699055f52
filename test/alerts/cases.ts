import { messageCases } from './cases-messages.js';
import { processCases } from './cases-processes.js';
import { promiseCases } from './cases-promises.js';
import type { AlertCase } from './situation.js';

/** For each alert a situation in which somebody is called, and one beside it in which nobody is. */
export const CASES: Readonly<Record<string, AlertCase>> = { ...promiseCases, ...messageCases, ...processCases };
