import { expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const GUIDES = [
  'README.md',
  'k8s/README.md',
  '.github/CONTRIBUTING.md',
  '.github/SECURITY.md',
  '.github/workflows/audit.yml',
];
const guides = GUIDES.map((file) => [file, readFileSync(file, 'utf8')] as const);
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

/** Not in git: the tests write it. */
const MADE = ['test/artefacts'];

const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1]!);

/** As a link to a heading names it. */
const anchorsIn = (file: string): string[] =>
  all(readFileSync(file, 'utf8'), /^#+ (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );

test.each(guides)('When %s names a command, then package.json has it', (_, text) => {
  const named = all(text, /npm run (?:--silent )?([a-z][\w:-]*)/g);
  expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});

test.each(guides)('When %s names a file or folder of the repository, then it is there', (_, text) => {
  const named = all(text, /`((?:apps|libs|test|k8s|\.ci|\.github)\/[\w./-]+)`/g);
  expect(named.filter((path) => !existsSync(path) && !MADE.includes(path))).toEqual([]);
});

test.each(guides)('When %s links to something of the repository, then it is there, with its heading', (file, text) => {
  const broken = all(text, /\]\((?!https?:)([^)]+)\)/g).filter((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? file : join(dirname(file), path);
    return !existsSync(target) || (anchor !== undefined && !anchorsIn(target).includes(anchor));
  });
  expect(broken).toEqual([]);
});
