import { isAscii, isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { holdsNul, unknownEncoding } from './unusable-file.js';

/** How the staged bytes are read. UTF-16 is not among them: it becomes UTF-8 on the way in. */
export type StagedEncoding = 'utf-8' | 'windows-1252';

const UTF8_BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const LOOKED_AT = 1_024;
/** Bytes that stand for nothing in Windows-1252. */
const UNDEFINED_IN_1252 = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);
/** A character of UTF-8 has at most 4 bytes, so at most 3 of it can be left over at the end of a piece. */
const LONGEST_REST = 3;

/**
 * Recognises the encoding of a file while it comes in, piece by piece, and makes of it bytes in which every character that
 * matters to CSV is one ASCII byte. UTF-8 or UTF-16 by their marks or their looks; everything else is UTF-8 if all of it is,
 * and Windows-1252 if not.
 */
export class TextBytes {
  private utf16?: TextDecoder;
  private marked = false;
  private begun = false;
  private rest: Buffer = Buffer.alloc(0);
  private isUtf8 = true;
  private is1252 = true;
  private damaged = false;

  /** Throws {@link Rejection} 422 for what is no text. */
  take(piece: Buffer): Buffer {
    const bytes = this.begun ? piece : this.begin(piece);
    this.begun = true;
    if (this.utf16) return this.fromUtf16(bytes, { stream: true });
    if (bytes.includes(0)) throw holdsNul();
    this.judge(bytes);
    return bytes;
  }

  /** What was still held back, and how all of it is to be read. */
  end(): { bytes: Buffer; encoding: StagedEncoding } {
    if (this.utf16) return { bytes: this.fromUtf16(undefined, { stream: false }), encoding: 'utf-8' };
    if (this.rest.length > 0) this.isUtf8 = false;
    if (this.isUtf8) return { bytes: Buffer.alloc(0), encoding: 'utf-8' };
    if (this.marked || this.damaged || !this.is1252) throw unknownEncoding();
    return { bytes: Buffer.alloc(0), encoding: 'windows-1252' };
  }

  private begin(piece: Buffer): Buffer {
    this.marked = piece.subarray(0, 3).equals(UTF8_BOM);
    if (this.marked) return piece.subarray(3);
    const [first, second] = piece;
    if (first === 0xff && second === 0xfe) this.utf16 = new TextDecoder('utf-16le', { fatal: true });
    else if (first === 0xfe && second === 0xff) this.utf16 = new TextDecoder('utf-16be', { fatal: true });
    else if (looksLikeUtf16(piece.subarray(0, LOOKED_AT))) this.utf16 = new TextDecoder('utf-16le', { fatal: true });
    return piece;
  }

  private fromUtf16(bytes: Buffer | undefined, options: { stream: boolean }): Buffer {
    const utf8 = Buffer.from(decoded(this.utf16!, bytes, options), 'utf8');
    if (utf8.includes(0)) throw holdsNul();
    return utf8;
  }

  private judge(piece: Buffer): void {
    if (this.rest.length === 0 && isAscii(piece)) return;
    this.is1252 &&= !piece.some((byte) => UNDEFINED_IN_1252.has(byte));
    if (!this.isUtf8) return;
    const bytes = this.rest.length > 0 ? Buffer.concat([this.rest, piece]) : piece;
    const whole = bytes.length - lengthOfRest(bytes);
    this.rest = Buffer.from(bytes.subarray(whole));
    this.isUtf8 = isUtf8(bytes.subarray(0, whole));
    this.damaged ||= isMostlyUtf8(this.isUtf8 ? bytes.subarray(0, whole) : bytes);
  }
}

/**
 * Text with whole characters of UTF-8 in it is not Windows-1252, where letters seldom follow each other in that way: if it is
 * not all UTF-8 it has been damaged, and read as Windows-1252 its names would be wrong.
 */
function isMostlyUtf8(bytes: Buffer): boolean {
  const beyondAscii = bytes.toString('utf8').match(/[^\0-\x7f]/gu) ?? [];
  const broken = beyondAscii.filter((character) => character === '\uFFFD').length;
  return beyondAscii.length - broken > broken;
}

function decoded(decoder: TextDecoder, bytes: Buffer | undefined, options: { stream: boolean }): string {
  try {
    return decoder.decode(bytes, options);
  } catch {
    throw unknownEncoding();
  }
}

/** How many bytes at the end begin a character that goes on in the next piece. */
function lengthOfRest(bytes: Buffer): number {
  for (let length = 1; length <= Math.min(LONGEST_REST, bytes.length); length += 1) {
    const byte = bytes[bytes.length - length]!;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    return length < bytesOfCharacter(byte) ? length : 0;
  }
  return 0;
}

const bytesOfCharacter = (lead: number): number => (lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2);

/** ASCII in UTF-16LE: every other byte is NUL. */
function looksLikeUtf16(head: Buffer): boolean {
  const odd = head.filter((_, n) => n % 2 === 1);
  const even = head.filter((_, n) => n % 2 === 0);
  return odd.length > 0 && odd.filter((byte) => byte === 0).length > odd.length / 2 && !even.includes(0);
}
