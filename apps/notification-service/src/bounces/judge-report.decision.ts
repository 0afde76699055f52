import type { BounceKind } from '#contracts';

/** What a report or an event says of a mail that was accepted. The code is ours, or a status (RFC 3463); never a text. */
export interface Bounce {
  readonly kind: BounceKind;
  readonly code: string;
}

export type Judged =
  Bounce | { readonly ignored: 'no-failure' | 'no-complaint' | 'read-receipt' | 'automatic-answer' | 'another-event' };

/** What could be read of a mail that came to the return path of another. */
export interface Report {
  /** Of a delivery report (RFC 3464). */
  readonly deliveryStatus?: string;
  /** Of a complaint (RFC 5965). */
  readonly feedback?: string;
  /** Somebody has opened the mail (RFC 8098). */
  readonly readReceipt?: boolean;
  /** Somebody who has the mail is away (RFC 3834), and no mail server says anything. */
  readonly automaticAnswer?: boolean;
}

type Fields = ReadonlyMap<string, string>;

/** It failed, nobody knows how: soft, so that the person is asked again and never removed for a silence of ours. */
const UNRECOGNISED: Bounce = { kind: 'soft', code: 'unrecognised' };
const NO_FAILURE = new Set(['delayed', 'delivered', 'relayed', 'expanded']);
const STATUS = /^([245])\.(\d{1,3})\.(\d{1,3})(?!\d)/;

/**
 * One failure for good among several recipients (an address that is passed on to many) makes it hard: whether the person
 * has the mail is then unknown, and a person decides. What is not understood counts as a failure.
 */
export function judgeReport({ deliveryStatus, feedback, readReceipt, automaticAnswer }: Report): Judged {
  if (feedback !== undefined) return judgeFeedback(groupsOf(feedback));
  if (deliveryStatus !== undefined) return judgeDelivery(groupsOf(deliveryStatus));
  if (readReceipt) return { ignored: 'read-receipt' };
  return automaticAnswer ? { ignored: 'automatic-answer' } : UNRECOGNISED;
}

function judgeFeedback(groups: readonly Fields[]): Judged {
  const types = groups.map((fields) => fields.get('feedback-type')?.toLowerCase());
  return types.includes('abuse') ? { kind: 'complaint', code: 'complaint' } : { ignored: 'no-complaint' };
}

function judgeDelivery(groups: readonly Fields[]): Judged {
  const recipients = groups.filter((fields) => fields.has('action'));
  const troubled = recipients.filter((fields) => !NO_FAILURE.has(wordOf(fields.get('action')!)));
  if (recipients.length > 0 && troubled.length === 0) return { ignored: 'no-failure' };
  const bounces = troubled.map((fields) =>
    wordOf(fields.get('action')!) === 'failed' ? bounceOf(fields.get('status') ?? '') : UNRECOGNISED,
  );
  return bounces.find(({ kind }) => kind === 'hard') ?? bounces[0] ?? UNRECOGNISED;
}

const wordOf = (text: string): string => /^[a-z]*/.exec(text.toLowerCase())![0];

/** What a failure with this status amounts to; without a status that is one: unrecognised. */
export function bounceOf(status: string): Bounce {
  const [, kind, subject, detail] = STATUS.exec(status) ?? [];
  if (kind !== '4' && kind !== '5') return UNRECOGNISED;
  return { kind: kind === '5' ? 'hard' : 'soft', code: `dsn-${kind}-${subject}-${detail}` };
}

/** Fields as in the head of a mail, in groups that an empty line ends; the first of a name counts. */
function groupsOf(text: string): Fields[] {
  const lines = text.replaceAll(/\r\n?/g, '\n');
  return lines.split(/\n[ \t]*\n/).map((group) => {
    const fields = new Map<string, string>();
    for (const line of group.replaceAll(/\n[ \t]+/g, ' ').split('\n')) {
      const [, name, value] = /^([\w-]+)[ \t]*:(.*)$/.exec(line) ?? [];
      if (name !== undefined && !fields.has(name.toLowerCase())) fields.set(name.toLowerCase(), value!.trim());
    }
    return fields;
  });
}
