import { checkCompose } from './check.js';

const { lines, problems } = await checkCompose();
process.stdout.write(`${[...lines, ...problems, `compose: ${problems.length} problems`].join('\n')}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
