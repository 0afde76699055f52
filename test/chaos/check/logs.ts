import type { Fault } from '../run-folder.js';
import type { LogLine } from './facts.js';
import { each, type Invariant } from './invariant.js';

/** What was parked is counted by another invariant. */
const PARKED = /^(malformed messages parked|message parked)$/;
/**
 * Errors of a database, broker or mail server that is away, slow or restarting: by their code (SQLSTATE classes 08, 40, 53, 57)
 * or by where they come from, since the words of drivers are not logged.
 */
const SURROUNDINGS =
  /"code":"(08|40|53|57)\w{3}"|E(CONN|PIPE|TIMEDOUT|SOCKET|HOST)|KafkaJS|QueryFailedError|"at [^"]*(node_modules\/pg(-pool)?\/|kafkajs)/;
/** What a database that is away or slow makes of a request. */
const UNRECORDED = /^refused attempt not recorded before its answer$/;
/** Pumps and connections pause up to a minute after errors, and what has piled up meanwhile is worked off. */
const AFTERWARDS_MS = 60_000;

/** What commands that run beside a service print. */
const COMMANDS = /^[a-z]+-service: schema is at \d+ migrations/;

function isExplained(line: LogLine, faults: readonly Fault[]): boolean {
  if (line.level === 'raw') return COMMANDS.test(line.text);
  if (line.level !== 'error') return false;
  if (PARKED.test(line.text)) return true;
  const during = faults.some(
    ({ from, to, recoveredAt = to }) => from <= line.at && line.at <= recoveredAt + AFTERWARDS_MS,
  );
  return during && (SURROUNDINGS.test(line.error) || UNRECORDED.test(line.text));
}

export const NO_UNEXPLAINED_ERROR: Invariant = {
  name: 'no error line that no fault explains',
  look({ errors, folder }) {
    const faults = folder.all('faults');
    return each(errors, (line) => {
      return isExplained(line, faults) ? undefined : `${line.service}: ${line.text} ${line.error}`.slice(0, 400);
    });
  },
};

export const EVERY_FAULT_ENDS: Invariant = {
  name: 'the system recovers from every fault by itself',
  look({ folder }) {
    return each(folder.all('faults'), ({ kind, recoveredAt }) => (recoveredAt === undefined ? kind : undefined));
  },
};
