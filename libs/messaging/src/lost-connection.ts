import { isError } from './safe-error.js';

/** The server ended the session: by an administrator, in a crash, for being idle (PostgreSQL manual, appendix A); or nobody is there. */
const CODES = new Set(['57P01', '57P02', '57P05', 'ECONNRESET', 'EPIPE']);
/** What node-postgres says of a connection that was open and is not any more. */
const MESSAGES =
  /^(Connection terminated( unexpectedly)?$|Client has encountered a connection error|Client was closed)/;

/** True for errors of a connection that was open once; not when none could be made. */
function isLostConnection(error: unknown): boolean {
  if (!isError(error)) return false;
  const driver: unknown = 'driverError' in error ? error.driverError : error;
  if (!isError(driver)) return false;
  return MESSAGES.test(driver.message) || ('code' in driver && CODES.has(String(driver.code)));
}

/**
 * A pool can hand out a connection that the server has just ended. Tries once more, on another connection, if the first is
 * lost and `mayRepeat` says that nothing was done on it.
 */
export async function onLiveConnection<T>(work: () => Promise<T>, mayRepeat: () => boolean): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!mayRepeat() || !isLostConnection(error)) throw error;
    return work();
  }
}
