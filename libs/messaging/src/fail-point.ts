import { unlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Every place where the death of a process separates two effects, in the order in which a removal meets them. Each is killed
 * at in test/chaos/fail-points.spec.ts, and what is left behind is looked at.
 */
export const FAIL_POINTS = [
  // What leads to a removal.
  'import.staged',
  'import.rows-added',
  'import.chunk-committed',
  'import.ended',
  'consent.asked',
  'consent.recorded',
  'timer.claimed',
  'timer.fired',
  'expunge.marked',
  // How messages travel.
  'outbox.committed',
  'relay.read',
  'relay.sent',
  'relay.deleted',
  'inbox.remembered',
  'chunk.parked',
  'chunk.one-handled',
  'chunk.handled',
  'chunk.committed',
  'offsets.committed',
  'catch-up.read',
  // The removal itself.
  'process.opened',
  'process.asked-again',
  'process.certified',
  'process.announced',
  'erase.locked',
  'erase.deleted',
  'erase.buried',
  // Mails.
  'mail.claimed',
  'mail.sent',
  'mail.outcome-written',
  'bounce.recorded',
  // Keys.
  'keys.read',
] as const;
export type FailPoint = (typeof FAIL_POINTS)[number];

/** For tests only: a folder in which a file named like a point arms it, once. Not set: points do nothing. */
const folder = process.env.FAIL_POINTS_DIR;

/**
 * Ends the process with SIGKILL, as a crash would, if this point is armed; otherwise does nothing. The file that armed it is
 * gone then, which shows that the point was reached, and the process that is started next passes it.
 */
export const failPoint: (name: FailPoint) => void = folder === undefined ? () => undefined : dieIfArmed(folder);

function dieIfArmed(dir: string): (name: FailPoint) => void {
  return (name) => {
    try {
      unlinkSync(join(dir, name));
    } catch {
      return;
    }
    process.kill(process.pid, 'SIGKILL');
    // Nothing may happen between the signal and its arrival.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };
}
