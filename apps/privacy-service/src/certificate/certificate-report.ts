import type { CertificateStatement, StoreEvidence } from '#contracts';

const REASONS: Record<CertificateStatement['request']['reason'], string> = {
  'account-deleted': 'the person deleted the account',
  'requested-by-recruiter': 'a recruiter asked for the removal',
  'no-opt-in': 'no consent within the time stated in the email that asked for it',
  'import-undone': 'an import by the company was undone',
  'requested-by-address': 'the holder of the email address asked for the removal, with a link sent to it',
};

/** A valid certificate as text for people. Control characters are taken out: the text goes to a terminal. */
export function certificateReport(statement: CertificateStatement): string {
  const { controller, request, participants, kept } = statement;
  const lines = [
    'The certificate is valid.',
    '',
    `Certificate   ${statement.jti}`,
    `Signed by     ${statement.iss} at ${new Date(statement.iat * 1000).toISOString()}`,
    `Company       ${controller.name} (${controller.privacyContact})`,
    `Request       ${request.expungeId}: ${REASONS[request.reason] ?? request.reason}`,
    `Contact       ${request.contactId}`,
    `Requested     ${request.requestedAt} by ${request.requestedBy}`,
    `Completed     ${request.completedAt}`,
    '',
    'What was removed:',
    ...participants.flatMap(({ participant, outcome, at, stores }) => [
      `  ${participant}: ${outcome === 'erased' ? 'erased' : 'held nothing'} at ${at}`,
      ...stores.map(storeLine),
    ]),
    '',
    'What is kept:',
    ...kept.map(({ what, why }) => `  ${what} ${why}`),
    '',
    `Backups: ${statement.backups}`,
    `Complaint: ${statement.complaint}`,
  ];
  return lines.map((line) => line.replace(/\p{Cc}/gu, ' ')).join('\n');
}

const storeLine = ({ store, erased, remaining }: StoreEvidence): string =>
  `    ${store}: ${erased} deleted, ${remaining} left`;
