import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { javaHome } from '../config.js';

const run = promisify(execFile);
const NEEDED = 17;

/** No usable Java runtime; the message names the three ways out. */
export class JavaMissing extends Error {
  override readonly name = 'JavaMissing';

  constructor(found: string[]) {
    const seen = found.length === 0 ? 'none was found in JAVA_HOME or PATH' : `found only ${found.join(' and ')}`;
    super(
      [
        `Apache Kafka needs a Java runtime ${NEEDED} or newer: ${seen}. Three ways out:`,
        '  1. install one, e.g. apt-get install openjdk-17-jre-headless (macOS: brew install openjdk)',
        '  2. set KAFKA_BROKERS=host:port to a Kafka that already runs',
        '  3. use Docker instead: docker compose up',
      ].join('\n'),
    );
  }
}

/** The java program to use: JAVA_HOME before PATH, version 17 or newer. Throws JavaMissing. */
export async function findJava(): Promise<string> {
  const home = javaHome();
  const candidates = [...(home === undefined ? [] : [join(home, 'bin', 'java')]), 'java'];
  const found: string[] = [];
  for (const java of candidates) {
    const version = await majorVersion(java);
    if (version !== undefined && version >= NEEDED) return java;
    if (version !== undefined) found.push(`Java ${version} (${java})`);
  }
  throw new JavaMissing(found);
}

async function majorVersion(java: string): Promise<number | undefined> {
  try {
    const { stdout, stderr } = await run(java, ['-version'], { timeout: 20_000 });
    const match = /version "(?:1\.)?(\d+)/.exec(stderr + stdout);
    return match === null ? undefined : Number(match[1]);
  } catch {
    return undefined;
  }
}
