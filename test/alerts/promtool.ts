import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

const WAY_OUT = `promtool is missing: it is what the alerts and dashboards are checked with.
  Debian, Ubuntu: apt-get install prometheus   (brings it along; nothing needs to run)
  macOS:          brew install prometheus
  elsewhere:      https://prometheus.io/download, put promtool on the PATH or name it in PROMTOOL_PATH`;

/** What promtool prints, and whether it is content. Throws with the ways to get it when the machine has none. */
export async function promtool(...args: readonly string[]): Promise<{ ok: boolean; output: string }> {
  try {
    const { stdout, stderr } = await run(process.env.PROMTOOL_PATH ?? 'promtool', args);
    return { ok: true, output: `${stdout}${stderr}` };
  } catch (error) {
    const failed = error as NodeJS.ErrnoException & { stdout: string; stderr: string };
    if (failed.code === 'ENOENT') throw new Error(WAY_OUT, { cause: error });
    return { ok: false, output: `${failed.stdout}${failed.stderr}` };
  }
}
