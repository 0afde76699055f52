import type { DeadLettersCommand } from './dead-letters-command.js';

export type Command =
  | { readonly name: 'serve' | 'migrate' | 'help' }
  | { readonly name: 'dead-letters'; readonly command: DeadLettersCommand };

export const usage = (service: string): string => `usage: ${service} [command]

  serve                        (or nothing) answer requests and handle messages
  migrate                      bring the database schema up to date, as its owner (DATABASE_OWNER_URL)
  dead-letters list            show the messages that were parked, oldest first
  dead-letters replay <id...>  handle parked messages again; --all for every one
  dead-letters discard <id>    give a parked message up for good
  --help                       this text
`;

/** What the arguments ask for; undefined when they make no sense. */
export function parseCommand(argv: readonly string[]): Command | undefined {
  const [name = 'serve', ...rest] = argv;
  if (name === 'dead-letters') return parseDeadLetters(rest);
  if (rest.length > 0) return undefined;
  if (name === 'serve' || name === 'migrate') return { name };
  return name === '--help' || name === 'help' ? { name: 'help' } : undefined;
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
