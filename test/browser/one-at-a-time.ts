import { readFile, rm, writeFile } from 'node:fs/promises';
import { waitUntil } from '#local';

/**
 * Does `work` while no other process does, by a file with the id of who does. When that process is gone, killed in the middle
 * of it, `mend` is called first: what it has left may be half done.
 */
export async function oneAtATime<T>(
  lock: string,
  { mend, work }: { readonly mend: () => Promise<void>; readonly work: () => Promise<T> },
): Promise<T> {
  const take = async (): Promise<true | undefined> => {
    if (await taken(lock)) return true;
    if (await isHeld(lock)) return undefined;
    await mend();
    await rm(lock, { force: true });
    return undefined;
  };
  await waitUntil(take, { what: `another process is done (${lock})`, timeoutMs: 60_000 });
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

const taken = (lock: string): Promise<boolean> =>
  writeFile(lock, String(process.pid), { flag: 'wx' }).then(
    () => true,
    () => false,
  );

/** A lock that is just being made or given back counts as held: there is another look. */
async function isHeld(lock: string): Promise<boolean> {
  const pid = Number(await readFile(lock, 'utf8').catch(() => ''));
  if (pid === 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
