import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { JWK } from 'jose';
import { SafeMessageError } from '#messaging';
import { certificateReport } from './certificate-report.js';
import { InvalidCertificate, isAboutAddress, verifyCertificate } from './verify-certificate.js';

const HELP = `Checks an expunge certificate offline.

  npm run certificate:verify -- <file> [--jwks <file or address>] [--email <address> --salt <salt>]

  <file>    the certificate (certificate.jws) from the confirmation mail or the status page
  --jwks    the public keys: a file, or the address the certificate names (https://.../.well-known/jwks.json);
            without it the keys of a local installation (.local/secrets/certificate-jwks.json)
  --email   also say whether the certificate is about this address; --salt stands in the confirmation mail

Exit code: 0 valid, 1 not valid, 2 could not be checked.`;

const LOCAL_KEYS = '.local/secrets/certificate-jwks.json';
const FETCH_MS = 10_000;

export interface CommandResult {
  readonly exitCode: 0 | 1 | 2;
  readonly text: string;
}

/** The command was called in a way that cannot work; said in one sentence. */
class Unusable extends SafeMessageError {}

/** Carries out `certificate:verify` and returns what to print; never throws. */
export async function verifyCommand(args: readonly string[]): Promise<CommandResult> {
  try {
    const { file, jwks, email, salt, help } = readArguments(args);
    if (help) return { exitCode: 0, text: HELP };
    const jws = (await readText(file, 'The certificate file cannot be read.')).trim();
    const statement = await verifyCertificate(jws, await readKeys(jwks));
    const report = certificateReport(statement);
    if (email === undefined || salt === undefined) return { exitCode: 0, text: report };
    if (isAboutAddress(statement, salt, email)) return { exitCode: 0, text: `${report}\n\nIt is about this address.` };
    return { exitCode: 1, text: 'The certificate is genuine, but it is not about this address with this salt.' };
  } catch (error) {
    if (error instanceof InvalidCertificate) return { exitCode: 1, text: error.message };
    if (error instanceof Unusable) return { exitCode: 2, text: error.message };
    return { exitCode: 2, text: 'The certificate could not be checked.' };
  }
}

interface Arguments {
  readonly file: string;
  readonly jwks?: string;
  readonly email?: string;
  readonly salt?: string;
  readonly help: boolean;
}

function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args);
  const { jwks, email, salt, help = false } = values;
  const [file, ...rest] = positionals;
  if (help) return { file: '', help };
  if (file === undefined || rest.length > 0) throw new Unusable('Name one certificate file (--help explains).');
  if ((email === undefined) !== (salt === undefined)) throw new Unusable('--email and --salt are needed together.');
  return { file, jwks, email, salt, help };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    const options = { jwks: text, email: text, salt: text, help: { type: 'boolean', short: 'h' } } as const;
    return parseArgs({ args: withSalt(args), options, allowPositionals: true });
  } catch {
    throw new Unusable('The options are not understood (--help explains).');
  }
}

/** One salt in 64 begins with a dash, and parseArgs refuses such a value unless it is written `--salt=value`. */
function withSalt(args: readonly string[]): string[] {
  const at = args.indexOf('--salt');
  const salt = args[at + 1];
  if (at < 0 || salt === undefined) return [...args];
  return [...args.slice(0, at), `--salt=${salt}`, ...args.slice(at + 2)];
}

async function readKeys(where: string | undefined): Promise<JWK[]> {
  const text = /^https?:\/\//.test(where ?? '')
    ? await fetchText(where!)
    : await readText(where ?? LOCAL_KEYS, where === undefined ? NO_KEYS : 'The file of keys cannot be read.');
  try {
    const { keys } = JSON.parse(text) as { keys: JWK[] };
    if (Array.isArray(keys)) return keys;
  } catch {
    // Falls through.
  }
  throw new Unusable('The keys are not a JSON Web Key Set.');
}

const NO_KEYS = 'Say with --jwks where the public keys are: a file, or the address the certificate names.';

async function fetchText(address: string): Promise<string> {
  const response = await fetch(address, { signal: AbortSignal.timeout(FETCH_MS) }).catch(() => undefined);
  if (!response?.ok) throw new Unusable('The keys cannot be fetched from this address.');
  return response.text();
}

async function readText(path: string, problem: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => {
    throw new Unusable(problem);
  });
}
