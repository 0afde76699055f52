import { readFile, stat } from 'node:fs/promises';
import { Logger } from '@nestjs/common';
import { failPoint, safeError } from '#messaging';

export interface ReloadedFileOptions {
  /** What it is, for the log: `keyring`. */
  readonly name: string;
  /** The error {@link ReloadedFile.open} throws when there is no file to read. */
  readonly unreadable: () => Error;
}

/**
 * What a file says, read again at the first use after it has changed, without a restart. A change that cannot be read
 * or parsed keeps the value known so far, is logged once, and is tried again at the next use.
 * `parse` must not quote the content in its errors: they are logged.
 */
export class ReloadedFile<T> {
  private static readonly logger = new Logger(ReloadedFile.name);
  private lookedAt = performance.now();
  private loggedProblem?: string;
  private looking?: Promise<void>;

  private constructor(
    private readonly path: string,
    private readonly parse: (text: string) => T,
    private readonly name: string,
    private version: string,
    private known: T,
  ) {}

  /** Throws what `parse` throws, or {@link ReloadedFileOptions.unreadable}. */
  static async open<T>(
    path: string,
    parse: (text: string) => T,
    { name, unreadable }: ReloadedFileOptions,
  ): Promise<ReloadedFile<T>> {
    // Looked at before it is read: a change in between is seen at the next use.
    const version = await versionOf(path);
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) throw unreadable();
    return new ReloadedFile(path, parse, name, version, parse(text));
  }

  /** The value; the file is not looked at again within `trustMs` of the last look. */
  async value({ trustMs = 0 }: { trustMs?: number } = {}): Promise<T> {
    if (performance.now() - this.lookedAt < trustMs) return this.known;
    this.looking ??= this.look().finally(() => (this.looking = undefined));
    await this.looking;
    return this.known;
  }

  private async look(): Promise<void> {
    const version = await versionOf(this.path);
    this.lookedAt = performance.now();
    if (version !== this.version) await this.readAgain(version);
    else this.loggedProblem = undefined;
  }

  private async readAgain(version: string): Promise<void> {
    try {
      const value = this.parse(await readFile(this.path, 'utf8'));
      failPoint('keys.read');
      this.known = value;
      this.version = version;
      this.loggedProblem = undefined;
      ReloadedFile.logger.log({ msg: 'file read again', file: this.name });
    } catch (error) {
      if (this.loggedProblem === version) return;
      this.loggedProblem = version;
      const msg = 'a changed file cannot be read; what is known stays in use';
      ReloadedFile.logger.error({ msg, file: this.name, error: safeError(error) });
    }
  }
}

/** A mounted secret is a link that is turned to a new file, so the inode counts as well as the time. */
async function versionOf(path: string): Promise<string> {
  return stat(path, { bigint: true }).then(
    ({ mtimeNs, size, ino }) => `${mtimeNs}-${size}-${ino}`,
    () => 'missing',
  );
}
