import { safeError, SafeMessageError } from '#messaging';
import { checkCertificates } from './check-certificates.js';
import { checkClock } from './check-clock.js';
import { checkConsumer } from './check-consumer.js';
import { checkMigrations } from './check-migrations.js';
import { checkOffsets } from './check-offsets.js';
import { checkRelay } from './check-relay.js';
import { checkTopics } from './check-topics.js';
import { checkTransactions } from './check-transactions.js';
import type { Check, Finding, Patient } from './finding.js';

/** In the order in which one causes the next. */
const CHECKS: Readonly<Record<string, Check>> = {
  migrations: checkMigrations,
  clock: checkClock,
  certificates: checkCertificates,
  topics: checkTopics,
  transactions: checkTransactions,
  relay: checkRelay,
  offsets: checkOffsets,
  consumer: checkConsumer,
};

/** All that is wrong with a service, worst cause first. Checks that cannot look are a finding; the others go on. Changes nothing. */
export async function examine(patient: Patient): Promise<Finding[]> {
  const findings: Finding[] = [];
  const blind = new Map<string, string[]>();
  for (const [name, check] of Object.entries(CHECKS)) {
    try {
      findings.push(...(await check(patient)));
    } catch (error) {
      const reason = reasonOf(error);
      blind.set(reason, [...(blind.get(reason) ?? []), name]);
    }
  }
  const unseen = [...blind].map(([reason, names]): Finding => {
    return { check: 'unknown', culprit: `cannot look at ${names.join(', ')} (${reason})`, todo: WHAT_TO_DO };
  });
  return [...unseen, ...findings];
}

const WHAT_TO_DO = 'see that database and brokers answer, and that the role and the user have their rights';

function reasonOf(error: unknown): string {
  if (error instanceof SafeMessageError) return error.message;
  const { name, code } = safeError(error);
  return code ?? name;
}

/** One line: which check, who or what it is, what to do. */
export const lineOf = ({ check, culprit, todo }: Finding): string => `${check.padEnd(13)}${culprit}. To do: ${todo}.`;
