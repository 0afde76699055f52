import { type AuditCommand, parseAuditCommand } from './audit/audit-command.js';
import type { DeadLettersCommand } from './dead-letters-command.js';
import { type DoctorCommand, parseDoctorCommand } from './doctor/doctor-command.js';

export type Command =
  | { readonly name: 'serve' | 'migrate' | 'openapi' | 'help' }
  | { readonly name: 'dead-letters'; readonly command: DeadLettersCommand }
  | { readonly name: 'audit'; readonly command: AuditCommand }
  | { readonly name: 'doctor'; readonly command: DoctorCommand };

export const usage = (service: string): string => `usage: ${service} [command]

  serve                        (or nothing) answer requests and handle messages
  migrate                      bring the database schema up to date, as its owner (DATABASE_OWNER_URL, ..._PASSWORD_FILE)
  dead-letters list            show the messages that were parked, oldest first
  dead-letters replay <id...>  handle parked messages again; --all for every one
  dead-letters discard <id>    give a parked message up for good
  audit verify                 recompute the chain of the audit log; name the first row of each tenant that was
                               changed, removed or reordered, if any (then it ends with 1)
    --head <tenant>:<n>:<hash> a head it printed earlier, kept elsewhere, that the chain must still go through:
                               shows a chain that lost its end or was written anew; as often as needed
  doctor                       look at database and brokers, and name who or what is wrong, one line each, with what to do;
                               ends with 0 when nothing is, otherwise with 1; changes nothing
    --partitions <n>           what topics have here, where that is not what libs/contracts says
  openapi                      print what the service can be asked, as an OpenAPI 3.1 document
  --help                       this text
`;

const SINGLE_WORDS: readonly Command[] = [
  { name: 'serve' },
  { name: 'migrate' },
  { name: 'openapi' },
  { name: 'help' },
];

/** What the arguments ask for; undefined when they make no sense. */
export function parseCommand(argv: readonly string[]): Command | undefined {
  const [name = 'serve', ...rest] = argv;
  if (argv.includes('--help')) return { name: 'help' };
  if (name === 'dead-letters') return parseDeadLetters(rest);
  if (name === 'audit') return parseAudit(rest);
  if (name === 'doctor') return parseDoctor(rest);
  return rest.length === 0 ? SINGLE_WORDS.find((command) => command.name === name) : undefined;
}

function parseAudit(words: readonly string[]): Command | undefined {
  const command = parseAuditCommand(words);
  return command && { name: 'audit', command };
}

function parseDoctor(words: readonly string[]): Command | undefined {
  const command = parseDoctorCommand(words);
  return command && { name: 'doctor', command };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function parseDeadLetters([action, ...rest]: readonly string[]): Command | undefined {
  const command: DeadLettersCommand | undefined =
    action === 'list' && rest.length === 0 ? { action } : parseIds(action, rest);
  return command && { name: 'dead-letters', command };
}

function parseIds(action: string | undefined, ids: readonly string[]): DeadLettersCommand | undefined {
  if (action === 'replay' && ids.length === 1 && ids[0] === '--all') return { action, which: 'all' };
  if (ids.length === 0 || !ids.every((id) => UUID.test(id))) return undefined;
  if (action === 'replay') return { action, which: ids };
  return action === 'discard' && ids.length === 1 ? { action, id: ids[0]! } : undefined;
}
