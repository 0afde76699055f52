import { type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { type DeadLetter, DeadLetters, safeError, SafeMessageError } from '#messaging';
import { ServiceLogger } from './logging.js';
import { DatabaseNotReached, mayBeStarting } from './migrate.js';

const PAGE = 100;

export type DeadLettersCommand =
  | { readonly action: 'list' }
  | { readonly action: 'replay'; readonly which: readonly string[] | 'all' }
  | { readonly action: 'discard'; readonly id: string };

class DeadLettersFailed extends SafeMessageError {}

/**
 * Looks at, replays or gives up parked messages, with the service's own handlers. True when nothing failed; throws
 * {@link DatabaseNotReached}, or an error that says nothing of what is in the messages.
 */
export async function runDeadLetters(
  module: DynamicModule,
  command: DeadLettersCommand,
  print: (line: string) => void,
): Promise<boolean> {
  const options = { bufferLogs: true, autoFlushLogs: false, abortOnError: false };
  const app = await NestFactory.createApplicationContext(module, options);
  app.useLogger(app.get(ServiceLogger));
  try {
    await connect(app.get(DataSource));
    return await execute(app.get(DeadLetters), command, print);
  } catch (error) {
    if (error instanceof SafeMessageError) throw error;
    throw new DeadLettersFailed(`The dead letters cannot be read: ${JSON.stringify(safeError(error))}`);
  } finally {
    await app.close();
  }
}

async function connect(dataSource: DataSource): Promise<void> {
  try {
    await dataSource.initialize();
  } catch (error) {
    throw mayBeStarting(error) ? new DatabaseNotReached(error) : error;
  }
}

async function execute(
  letters: DeadLetters,
  command: DeadLettersCommand,
  print: (line: string) => void,
): Promise<boolean> {
  if (command.action === 'list') return list(letters, print);
  if (command.action === 'discard') {
    const found = await letters.discard(command.id);
    print(found ? `discarded ${command.id}` : `there is no dead letter ${command.id}`);
    return found;
  }
  const { replayed, failed } = await letters.replay(command.which);
  for (const { id, reason } of failed) print(`failed   ${id}  ${reason}`);
  print(`replayed ${replayed.length}, failed ${failed.length}`);
  return failed.length === 0;
}

async function list(letters: DeadLetters, print: (line: string) => void): Promise<boolean> {
  let count = 0;
  let page = await letters.list({ limit: PAGE });
  while (page.length > 0) {
    for (const letter of page) print(describe(letter));
    count += page.length;
    page = await letters.list({ limit: PAGE, after: page.at(-1)!.id });
  }
  print(`${count} dead letter(s)`);
  return true;
}

function describe({ id, topic, type, key, reason, attempts, parkedAt }: DeadLetter): string {
  return [id, parkedAt.toISOString(), topic, type, key, `attempts=${attempts}`, reason].join('  ');
}
