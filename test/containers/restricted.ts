import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '#local';

const SCRIPT = join(repositoryRoot(), 'test', 'containers', 'restricted.sh');
const NODE = '/usr/local/bin/node';
const DEVICES = ['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom'];

const WAY_OUT = `The container contract needs Linux and the right to make mount namespaces (CAP_SYS_ADMIN), with unshare and
setpriv of util-linux. Run npm test as root (sudo --preserve-env=PATH npm test), or in a container that has it:
docker run --cap-add SYS_ADMIN --security-opt apparmor=unconfined ...`;

export interface Restricted {
  /** What Node is called with. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly user: number;
  readonly group: number;
  /** As `mount` takes it, for example 64m. */
  readonly tmpSize: string;
  /** Folders and files of this machine, by their place inside. */
  readonly mounts: Readonly<Record<string, string>>;
}

export interface RestrictedProcess {
  readonly pid: number;
  /** Everything it has printed. */
  output(): string;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  kill(signal: NodeJS.Signals): void;
}

/** Fails with the way out where this machine does not let us do it. */
export function assertCanRestrict(): void {
  try {
    execFileSync('unshare', ['--mount', '--propagation', 'private', 'mount', '-t', 'tmpfs', 'probe', '/mnt'], {
      stdio: 'pipe',
    });
    execFileSync('setpriv', ['--version'], { stdio: 'pipe' });
  } catch (error) {
    throw new Error(WAY_OUT, { cause: error });
  }
}

/** Runs Node on a root that has Node itself, the libraries it needs, what is mounted, and nothing else: no shell. */
export function runRestricted(options: Restricted): RestrictedProcess {
  const root = mkdtempSync(join(tmpdir(), 'contact-expunge-root-'));
  const setpriv = execFileSync('which', ['setpriv'], { encoding: 'utf8' }).trim();
  const mounts = {
    [NODE]: process.execPath,
    '/setpriv': setpriv,
    ...librariesOf(process.execPath),
    ...librariesOf(setpriv),
    ...Object.fromEntries(DEVICES.map((device) => [device, device])),
    ...options.mounts,
  };
  const inside = Object.entries(mounts).map(([to, from]) => `${from}=${to}`);
  const settings = [root, String(options.user), String(options.group), options.tmpSize];
  const program = [NODE, ...options.args];
  const command = ['--mount', '--propagation', 'private', 'sh', SCRIPT, ...settings, ...inside, '--', ...program];
  const child = spawn('unshare', command, {
    env: { ...options.env, PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return follow(child, root);
}

function follow(child: ChildProcess, root: string): RestrictedProcess {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream!.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      rmSync(root, { recursive: true, force: true });
      resolve(code ?? signal ?? 'nothing');
    });
  });
  return { pid: child.pid!, output: () => output, ended, kill: (signal) => child.kill(signal) };
}

/** The shared libraries of a program and its loader, at the places where they are looked for. */
function librariesOf(program: string): Record<string, string> {
  const lines = execFileSync('ldd', [program], { encoding: 'utf8' }).split('\n');
  const paths = lines.flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  return Object.fromEntries(paths.map((path) => [path, path]));
}
