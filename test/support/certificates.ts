import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

type Extensions = NonNullable<NonNullable<Parameters<typeof generate>[1]>['extensions']>;

async function make(name: string, extensions: Extensions, ca?: Pair): Promise<Pair> {
  const attributes = [{ name: 'commonName', value: name }];
  const { cert, private: key } = await generate(attributes, { algorithm: 'sha256', extensions, ca });
  return { cert, key };
}

/** Somebody who signs certificates. */
export function anAuthority(): Promise<Pair> {
  return make('Test Authority', [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
  ]);
}

/** A certificate for a server at this IP address, or for a client of this name. */
export function signedBy(authority: Pair, { ip, name = 'server' }: { ip?: string; name?: string }): Promise<Pair> {
  const extensions: Extensions = [
    { name: 'basicConstraints', cA: false },
    { name: 'keyUsage', digitalSignature: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    { name: 'subjectAltName', altNames: [ip ? { type: 7, ip } : { type: 2, value: name }] },
  ];
  return make(name, extensions, authority);
}

/** Writes a PEM text into a folder; its path. */
export async function pemFile(folder: string, name: string, pem: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, pem);
  return path;
}
