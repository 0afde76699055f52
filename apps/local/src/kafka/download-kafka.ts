import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import artifacts from 'mvn-artifact-download';
import { mavenRepository } from '../config.js';
import { repositoryRoot, sourceFile } from '../paths.js';
import { settledWithin } from '../wait-until.js';

const AT_ONCE = 6;
const ATTEMPTS = 3;
const DOWNLOAD_TIMEOUT_MS = 120_000;

interface Artifact {
  coordinates: string;
  sha256: string;
  file: string;
}

/** A jar whose bytes are not the listed ones. It was deleted; starting again fetches it anew. */
export class WrongHash extends Error {
  override readonly name = 'WrongHash';
}

export interface DownloadOptions {
  /** `.cache/kafka-4.3.1` of the checkout unless told. */
  cacheDir?: string;
  /** Lines of `group:artifact:version sha256`; kafka/artifacts.txt unless told. */
  list?: string;
  progress?: (line: string) => void;
}

/**
 * Makes sure that every jar of Apache Kafka lies in the cache with the listed SHA-256, and returns their
 * paths in order. Downloads only what is missing; a file gets its name only after its hash was checked,
 * so a download that was killed leaves nothing that counts. Throws WrongHash, or Error naming the jar.
 */
export async function downloadKafka(options: DownloadOptions = {}): Promise<string[]> {
  const cacheDir = options.cacheDir ?? join(repositoryRoot(), '.cache', 'kafka-4.3.1');
  mkdirSync(cacheDir, { recursive: true });
  const wanted = readList(options.list ?? sourceFile('kafka', 'artifacts.txt'), cacheDir);
  const missing: Artifact[] = [];
  for (const artifact of wanted) {
    if (!existsSync(artifact.file)) missing.push(artifact);
    else await assertHash(artifact, artifact.file);
  }
  if (missing.length > 0) await downloadAll(missing, cacheDir, options.progress ?? (() => undefined));
  return wanted.map((artifact) => artifact.file).sort();
}

function readList(file: string, cacheDir: string): Artifact[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [coordinates = '', sha256 = ''] = line.trim().split(/\s+/);
      const [, artifact, version] = coordinates.split(':');
      if (version === undefined || !/^[0-9a-f]{64}$/.test(sha256)) throw new Error(`${file}: "${line}" is no artifact`);
      return { coordinates, sha256, file: join(cacheDir, `${artifact}-${version}.jar`) };
    });
}

async function downloadAll(missing: Artifact[], dir: string, progress: (line: string) => void): Promise<void> {
  progress(`Downloading Apache Kafka 4.3.1: ${missing.length} files, once`);
  const queue = [...missing];
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await download(next, dir);
      done += 1;
      if (done % 10 === 0 || done === missing.length) progress(`Downloaded ${done} of ${missing.length} files`);
    }
  };
  const results = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function download(artifact: Artifact, dir: string): Promise<void> {
  const part = `${artifact.file.slice(dir.length + 1)}.${process.pid}.part`;
  try {
    await fetchWithRetry(artifact.coordinates, dir, part);
    await assertHash(artifact, join(dir, part));
    renameSync(join(dir, part), artifact.file);
  } finally {
    rmSync(join(dir, part), { force: true });
  }
}

async function fetchWithRetry(coordinates: string, dir: string, part: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const fetching = artifacts.default(coordinates, dir, mavenRepository(), part, { timeout: DOWNLOAD_TIMEOUT_MS });
    try {
      // The package never settles when a connection breaks in the middle of a file.
      if (!(await settledWithin(fetching, DOWNLOAD_TIMEOUT_MS))) throw new Error('no end of the file in time');
      await fetching;
      return;
    } catch (error) {
      if (attempt < ATTEMPTS) continue;
      throw new Error(`${coordinates} could not be downloaded: ${(error as Error).message}`, { cause: error });
    }
  }
}

async function assertHash(artifact: Artifact, file: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const found = hash.digest('hex');
  if (found === artifact.sha256) return;
  rmSync(file, { force: true });
  throw new WrongHash(
    `${artifact.coordinates}: SHA-256 is ${found}, expected ${artifact.sha256}. The file was deleted; start again to fetch it anew.`,
  );
}
