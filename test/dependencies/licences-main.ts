import { licenceCounts, licenceProblems } from './licences.js';
import { type LockFile, readJson, shippedPackages } from './lock-file.js';

const shipped = shippedPackages(readJson<LockFile>('package-lock.json'));
const problems = licenceProblems(shipped);
process.stdout.write(`${[licenceCounts(shipped), ...problems, `licences: ${problems.length} problems`].join('\n')}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
