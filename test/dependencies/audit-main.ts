import { repositoryRoot } from '#local';
import { ACCEPTED } from './accepted.js';
import { askRegistry, auditProblems, NoAnswer } from './audit.js';

try {
  const today = new Date().toISOString().slice(0, 10);
  const problems = auditProblems(await askRegistry(repositoryRoot()), ACCEPTED, today);
  const accepted = ACCEPTED.map(({ advisory, reason, until }) => `accepted until ${until}: ${advisory}, ${reason}`);
  process.stdout.write(`${[...accepted, ...problems, `audit: ${problems.length} problems`].join('\n')}\n`);
  process.exitCode = problems.length > 0 ? 1 : 0;
} catch (error) {
  if (!(error instanceof NoAnswer)) throw error;
  process.stderr.write(`The registry could not be asked for advisories: ${error.message}\n`);
  process.exitCode = 2;
}
