const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Making one costs more than all the rest of a mail. */
const formats = new Map<string, Intl.NumberFormat>();

/**
 * A time in words (`30 days`), in the largest unit that names it exactly. What is left of a minute, or above two days of an
 * hour, is cut off: nobody may be removed before the time a mail has named, but later is no harm.
 */
export function promisedTime(language: string, seconds: number): string {
  const unit = unitOf(seconds);
  return formatOf(language, unit.name).format(Math.floor(seconds / unit.seconds));
}

function unitOf(seconds: number): { name: string; seconds: number } {
  if (seconds >= 2 * DAY || (seconds >= DAY && seconds % DAY === 0)) return { name: 'day', seconds: DAY };
  if (seconds >= 2 * HOUR || (seconds >= HOUR && seconds % HOUR === 0)) return { name: 'hour', seconds: HOUR };
  if (seconds >= 2 * MINUTE) return { name: 'minute', seconds: MINUTE };
  return { name: 'second', seconds: 1 };
}

/** Digits as they stand in dates and links of the same mail, whatever the language. */
function formatOf(language: string, unit: string): Intl.NumberFormat {
  const known = formats.get(language + unit);
  if (known) return known;
  const format = new Intl.NumberFormat(`${language}-u-nu-latn`, { style: 'unit', unit, unitDisplay: 'long' });
  formats.set(language + unit, format);
  return format;
}
