import { readPlaces } from './consumer-state.js';
import { at, type Finding, type Patient } from './finding.js';

/** A service that works handles what comes within moments. */
const LATE_MS = 60_000;

interface ConsumerState {
  readonly service: string;
  readonly now: Date;
  readonly members: number;
  readonly unread: bigint;
  /** By the database's clock; undefined when it has handled nothing in the last day. */
  readonly lastHandled?: Date;
}

/** Somebody reads for the service, and what waits is being handled. */
export async function checkConsumer(patient: Patient): Promise<Finding[]> {
  const { service, db, admin } = patient;
  const places = await readPlaces(patient);
  const { groups } = await admin.describeGroups([service]);
  const [row]: { now: Date; last: Date | null }[] = await db.query(
    `SELECT clock_timestamp() AS now, max(received_at) AS last FROM inbox WHERE received_at > now() - interval '1 day'`,
  );
  const unread = places.reduce((sum, { high, committed }) => sum + (high > committed ? high - committed : 0n), 0n);
  const members = groups[0]?.members.length ?? 0;
  return judgeConsumer({ service, now: row!.now, members, unread, lastHandled: row!.last ?? undefined });
}

export function judgeConsumer({ service, now, members, unread, lastHandled }: ConsumerState): Finding[] {
  const last = lastHandled ? `since ${at(lastHandled)}` : 'for more than a day';
  if (members === 0) {
    const culprit = `nobody reads for ${service}: the last message was handled ${lastHandled ? 'at' : ''} ${lastHandled ? at(lastHandled) : 'more than a day ago'}, ${unread} wait`;
    const todo = 'start it; if it is running, /health/ready says why it does not consume';
    return [{ check: 'consumer', culprit: culprit.replace('  ', ' '), todo }];
  }
  const moving = lastHandled && now.getTime() - lastHandled.getTime() <= LATE_MS;
  if (unread === 0n || moving) return [];
  return [
    {
      check: 'consumer',
      culprit: `${members} instances read for ${service}, but nothing was handled ${last}, and ${unread} messages wait`,
      todo: 'see /health/ready and the log of the instances, and the transactions above',
    },
  ];
}
