import { join } from 'node:path';
import ts from 'typescript';
import { repositoryRoot } from '#local';
import { moduleOf } from './kinds.js';
import { type Manifest, nameOf } from './manifest.js';

const FILE = join(repositoryRoot(), 'test', 'k8s', 'all-objects.virtual.ts');
const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
};

/**
 * Fields that no type knows, and values of another type. Each object is written down as a literal of its interface; for
 * those the compiler refuses what the interface does not have, at any depth.
 */
export function unknownFields(objects: readonly Manifest[]): string[] {
  const imports = [...new Set(objects.map(importOf))];
  // One line for each object, so that the line of a problem says whose it is.
  const literals = objects.map((object, n) => `export const o${n}: ${typeOf(object)} = ${JSON.stringify(object)};`);
  const program = programOf([...imports, ...literals].join('\n'));
  const file = program.getSourceFile(FILE)!;
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map((problem) => {
    const line = file.getLineAndCharacterOfPosition(problem.start ?? 0).line;
    const object = objects[line - imports.length];
    return `${object ? nameOf(object) : 'types'}: ${ts.flattenDiagnosticMessageText(problem.messageText, ' ')}`;
  });
}

const typeOf = (object: Manifest): string => moduleOf(object).replaceAll(/\W/g, '_');
const importOf = (object: Manifest): string =>
  `import type { I${object.kind} as ${typeOf(object)} } from '${moduleOf(object)}';`;

function programOf(text: string): ts.Program {
  const host = ts.createCompilerHost(OPTIONS);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, options, ...rest) =>
    name === FILE ? ts.createSourceFile(name, text, options) : getSourceFile.call(host, name, options, ...rest);
  host.fileExists = (name) => name === FILE || fileExists.call(host, name);
  host.readFile = (name) => (name === FILE ? text : readFile.call(host, name));
  return ts.createProgram([FILE], OPTIONS, host);
}
