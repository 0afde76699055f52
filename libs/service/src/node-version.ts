const OLDEST = 24;

/**
 * Ends the process with 1 and a sentence on stderr when Node is older than 24: it would start all the same and fail
 * later, at the first built-in function that it lacks.
 */
export function requireNodeVersion(version: string = process.version): void {
  if (Number.parseInt(version.slice(1), 10) >= OLDEST) return;
  const needed = `Node ${OLDEST} or newer is needed (this is ${version}).`;
  process.stderr.write(`${needed} npm scripts bring their own; elsewhere install it.\n`);
  process.exit(1);
}
