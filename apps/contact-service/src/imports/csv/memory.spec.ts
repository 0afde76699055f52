import { expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '#local';

const MIB = 1_048_576;
/** What garbage may add. The heap itself has a limit: with what is held besides a chunk the process would not get through. */
const NOISE_MIB = 40;
const LIMITS = ['--max-old-space-size=48', '--max-semi-space-size=2'];

const IMPORTS = join(repositoryRoot(), 'dist/apps/contact-service/src/imports');

/** A process of its own that checks a file as an upload is checked, then reads it as an import does, and holds a chunk. */
const PROGRAM = `
  import { Readable } from 'node:stream';
  const { uploadPieces } = await import('${IMPORTS}/upload-pieces.js');
  const { TextBytes } = await import('${IMPORTS}/csv/text-bytes.js');
  const { StructureCheck } = await import('${IMPORTS}/csv/structure-check.js');
  const { recordsOf } = await import('${IMPORTS}/csv/records.js');
  const [kind, mib] = process.argv.slice(1);
  const lines = {
    'one-line': () => 'x'.repeat(${MIB}),
    'short-rows': () => 'a@example.org,Zoe\\n'.repeat(58_254),
    'long-rows': () => 'a@example.org,' + 'x'.repeat(${MIB} - 1_000) + '\\n',
  };
  async function* file() {
    yield Buffer.from('email,name\\n');
    for (let n = 0; n < Number(mib); n += 1) yield Buffer.from(lines[kind]());
  }
  const [text, structure] = [new TextBytes(), new StructureCheck(',')];
  let [outcome, rows] = ['sound', 0];
  try {
    for await (const piece of uploadPieces(Readable.from(file()), Infinity)) await structure.take(text.take(piece));
    await structure.end();
    const reading = { delimiter: ',', encoding: text.end().encoding };
    for await (const chunk of recordsOf(file(), reading, { from: 0, size: 1_000 })) rows += chunk.length;
  } catch (error) {
    outcome = error.code;
  }
  console.log(JSON.stringify({ outcome, rows, mib: process.resourceUsage().maxRSS / 1_024 }));
`;

async function read(kind: string, mib: number): Promise<{ outcome: string; rows: number; mib: number }> {
  const args = [...LIMITS, '--input-type=module', '-e', PROGRAM, kind, String(mib)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { PATH: process.env.PATH } });
  return JSON.parse(stdout) as { outcome: string; rows: number; mib: number };
}

test.each([
  ['is one line', 'one-line', 'line-too-long', 2, 50, () => 0],
  ['has many rows', 'short-rows', 'sound', 1, 10, (mib: number) => mib * 58_254],
  ['has rows as long as they may be', 'long-rows', 'sound', 8, 64, (mib: number) => mib],
])(
  'When a file %s, then a file many times larger costs no more memory',
  async (_, kind, outcome, least, most, rows) => {
    const [small, large] = [await read(kind, least), await read(kind, most)];
    expect([small.outcome, small.rows]).toEqual([outcome, rows(least)]);
    expect([large.outcome, large.rows]).toEqual([outcome, rows(most)]);
    expect(large.mib).toBeLessThan(small.mib + NOISE_MIB);
  },
  180_000,
);
