/**
 * Control characters end header lines; bidirectional overrides make a name read as another; and what begins like an
 * encoded word (RFC 2047) goes out as it is and would be decoded by the reader, into any of these.
 */
const UNUSABLE = /[\p{Cc}\p{Cs}\u2028\u2029\u202A-\u202E\u2066-\u2069]|=(?=\?)/u;
const LONGEST = 200;

/** A text that may stand in a header as it is: one line of at most 200 characters. */
export const isHeaderText = (text: string): boolean => text.length <= LONGEST && !UNUSABLE.test(text);

/** The text made one line: what ends lines, or turns what is read around, becomes a space. */
export const toOneLine = (text: string): string => text.replaceAll(new RegExp(UNUSABLE, 'gu'), ' ');

/** One line, cut to 200 characters. */
export const toHeaderText = (text: string): string =>
  Array.from(toOneLine(text.slice(0, 2 * LONGEST)))
    .slice(0, LONGEST)
    .join('');
