import kafkajs from 'kafkajs';
import { isError } from './safe-error.js';

// CommonJS: Node finds this name only on the whole module.
const { KafkaJSError } = kafkajs;

/**
 * SQLSTATE classes that say something about the surroundings, not about the message: connection, transaction state,
 * authorisation, deadlock or serialisation, missing object or right, resources, operator intervention, system error
 * (PostgreSQL manual, appendix A). 57014 (statement timeout) belongs to them as well.
 */
const SQLSTATE_CLASSES = new Set(['08', '25', '28', '40', '42', '53', '55', '57', '58']);
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);
/** node-postgres and TypeORM report a lost or missing connection by message only. */
const CONNECTION_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Query read timeout|Cannot use a pool after|Driver not Connected|Connection is not established)/;

/** True when the same work would succeed once database, broker or network are well again; such work is retried. */
export function isSurroundingsError(error: unknown): boolean {
  if (!isError(error)) return false;
  if (error instanceof KafkaJSError) return true;
  if (error instanceof AggregateError && error.errors.some(isSurroundingsError)) return true;
  const driver: unknown = 'driverError' in error ? error.driverError : error;
  if (!isError(driver) || isForeignRow(driver)) return false;
  return hasSurroundingsCode(driver) || CONNECTION_MESSAGES.test(driver.message);
}

/**
 * Row-level security refused a row of another tenant than the transaction's: the message names the wrong one, and would
 * for ever. PostgreSQL gives it the code of a missing right (42501), which is repaired in the surroundings.
 */
function isForeignRow(error: Error): boolean {
  return 'routine' in error && error.routine === 'ExecWithCheckOptions';
}

function hasSurroundingsCode(error: Error): boolean {
  const code: unknown = 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') return false;
  return NETWORK_CODES.has(code) || (/^[0-9A-Z]{5}$/.test(code) && SQLSTATE_CLASSES.has(code.slice(0, 2)));
}
