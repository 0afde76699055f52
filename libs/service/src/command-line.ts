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

function parseDeadLetters([action, ...ids]: readonly string[]): Command | undefined {
  if (action === 'list' && ids.length === 0) return { name: 'dead-letters', command: { action } };
  if (action === 'replay' && ids.length === 1 && ids[0] === '--all') {
    return { name: 'dead-letters', command: { action, which: 'all' } };
  }
  if (ids.length === 0 || !ids.every((id) => UUID.test(id))) return undefined;
  if (action === 'replay') return { name: 'dead-letters', command: { action, which: ids } };
  if (action === 'discard' && ids.length === 1) return { name: 'dead-letters', command: { action, id: ids[0]! } };
  return undefined;
}
