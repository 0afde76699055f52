import { compose } from '../compose/compose.js';
import { logSettings, logSettingsOf } from './drift.js';
import type { Manifest } from './manifest.js';

/** Personal data is kept out of PostgreSQL's log by the same settings wherever a server is set up. */
export function logProblems(objects: readonly Manifest[]): string[] {
  const command = compose().services.postgres!.command as string[];
  const wanted = logSettingsOf(
    command.filter((word) => word.startsWith('--')).map((word) => word.slice(2).split('=') as [string, string]),
  );
  return logSettings(objects)
    .filter((settings) => settings.join() !== wanted.join())
    .map((settings) => `PostgreSQL: logs with ${settings.join(' ')}, docker-compose.yml with ${wanted.join(' ')}`);
}
