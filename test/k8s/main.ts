import { checkKubernetes } from './check.js';

const { lines, problems } = await checkKubernetes();
process.stdout.write(`${[...lines, ...problems, `k8s: ${problems.length} problems`].join('\n')}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
