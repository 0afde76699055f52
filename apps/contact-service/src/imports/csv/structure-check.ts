import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { CsvError, parse, type Parser } from 'csv-parse';
import { csvOptions, inOurWords } from './csv-options.js';

/**
 * Reads a whole file for its structure only, while it is uploaded, so that a file that is broken anywhere is refused before
 * any of it is imported. On bytes: what matters to CSV is ASCII in every encoding that is staged.
 */
export class StructureCheck {
  private readonly parser: Parser;
  private problem?: Error;

  constructor(delimiter: string) {
    this.parser = parse({ ...csvOptions(delimiter), encoding: 'latin1' });
    this.parser.on('error', (error) => (this.problem = error));
    this.parser.resume();
  }

  /** Throws {@link Rejection} 422 as soon as the structure is seen to be broken. */
  async take(bytes: Buffer): Promise<void> {
    if (!this.problem && !this.parser.write(bytes)) await once(this.parser, 'drain').catch(() => undefined);
    this.assertSound();
  }

  /** Returns the number of rows without the header. */
  async end(): Promise<number> {
    this.parser.end();
    await finished(this.parser).catch(() => undefined);
    this.assertSound();
    return this.parser.info.records - 1;
  }

  private assertSound(): void {
    if (this.problem instanceof CsvError) throw inOurWords(this.problem);
    if (this.problem) throw this.problem;
  }
}
