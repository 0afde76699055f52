export interface Ramp {
  readonly firstDay: number;
  readonly maxPerDay: number;
}

/** Days on which nothing was sent do not count, and what was sent long ago is forgotten by the mailbox providers. */
export const RAMP_DAYS = 30;
/** Complaints are judged over so many days, today included. */
export const COMPLAINT_DAYS = 7;

/** How many may go out on a day before which `activeDaysBefore` days were active: twice as many on each, up to the most. */
export function allowedToday({ firstDay, maxPerDay }: Ramp, activeDaysBefore: number): number {
  return Math.min(maxPerDay, firstDay * 2 ** Math.min(activeDaysBefore, RAMP_DAYS));
}

const FEWEST_JUDGED = 100;
const MOST_COMPLAINTS_PER_THOUSAND = 3;

/** Above 0.3 % the big mailbox providers begin to refuse a sender's mails; below 100 mails a share says nothing. */
export function isTooMany(complaints: number, sent: number): boolean {
  return sent >= FEWEST_JUDGED && complaints * 1_000 > MOST_COMPLAINTS_PER_THOUSAND * sent;
}

export interface TodaysBudget {
  readonly tenantId: string;
  readonly allowed: number;
  readonly sent: number;
  readonly paused: boolean;
}

export interface DueMail {
  readonly emailId: string;
  readonly tenantId: string;
  /** It was taken before on this day, and given back: it is in the count already. */
  readonly counted: boolean;
}

export type OverReason = 'over-budget' | 'sending-paused';

export interface Share {
  readonly taken: readonly string[];
  /** How many more now count for a client. */
  readonly more: ReadonlyMap<string, number>;
  /** Clients whose mails have to wait for another day, and why. */
  readonly over: ReadonlyMap<string, OverReason>;
}

/** Which of the due mails, in their order, may go out today. */
export function shareOut(due: readonly DueMail[], budgets: ReadonlyMap<string, TodaysBudget>): Share {
  const taken: string[] = [];
  const more = new Map<string, number>();
  const over = new Map<string, OverReason>();
  for (const { emailId, tenantId, counted } of due) {
    const { allowed, sent, paused } = budgets.get(tenantId)!;
    const used = more.get(tenantId) ?? 0;
    if (paused) over.set(tenantId, 'sending-paused');
    else if (counted) taken.push(emailId);
    else if (sent + used < allowed) {
      taken.push(emailId);
      more.set(tenantId, used + 1);
    } else over.set(tenantId, 'over-budget');
  }
  return { taken, more, over };
}
