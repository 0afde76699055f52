import { createReadStream } from 'node:fs';
import { formsOf } from './forms.js';

/** No form of a token is longer: what may be cut in two is looked at again. */
const LONGEST = 128;

/** What was found in one place. */
export interface Findings {
  bytes: number;
  matches: number;
  /** Where, and in which form, of the first few. */
  readonly examples: string[];
}

const MOST_EXAMPLES = 5;

export const nothingYet = (): Findings => ({ bytes: 0, matches: 0, examples: [] });

/** Looks for any of these tokens, in any form, in bytes of any length with bounded memory. */
export class Search {
  private readonly pattern: RegExp;
  private readonly names: string[];

  constructor(tokens: readonly string[]) {
    const forms = tokens.flatMap(formsOf);
    this.names = forms.map(({ name }) => name);
    const groups = forms.map(({ patterns }) => `(${patterns.join('|')})`);
    this.pattern = new RegExp(groups.join('|'), 'gi');
  }

  /** Adds what is in this piece. Pieces of one stream are given with the end of the one before. */
  look(piece: string, where: string, found: Findings): void {
    found.bytes += piece.length;
    for (const match of piece.matchAll(this.pattern)) {
      found.matches += 1;
      const form = this.names[match.slice(1).findIndex((group) => group !== undefined)];
      if (found.examples.length < MOST_EXAMPLES) found.examples.push(`${where} (${form})`);
    }
  }

  /** A file; one that is gone by now holds nothing. */
  async lookInFile(file: string, where: string, found: Findings): Promise<void> {
    let rest = '';
    try {
      for await (const piece of createReadStream(file, { encoding: 'latin1', highWaterMark: 1_048_576 })) {
        const text = rest + String(piece);
        const ends = Math.max(0, text.length - LONGEST);
        // What begins in the last bytes is left for the next piece, so that nothing is found twice.
        const cut = beginningOfUnfinished(text, ends, this.pattern);
        this.look(text.slice(0, cut), where, found);
        rest = text.slice(cut);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    this.look(rest, where, found);
  }
}

/** Where to cut a piece: before what may go on in the next one, but never within a match. */
function beginningOfUnfinished(text: string, from: number, pattern: RegExp): number {
  for (const match of text.matchAll(pattern)) {
    if (match.index < from && match.index + match[0].length > from) return match.index + match[0].length;
  }
  return from;
}
