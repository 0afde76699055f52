import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES } from '#contracts';
import { repositoryRoot, SERVICE_FLAGS } from '#local';
import { release } from './release.js';

const FIXED = /^\S+?(:[\w.-]*\d[\w.-]*(@sha256:[0-9a-f]{64})?|:[\w.-]+@sha256:[0-9a-f]{64})$/;
const ENTRYPOINT = `ENTRYPOINT ["/usr/local/bin/node", ${SERVICE_FLAGS.map((flag) => `"${flag}"`).join(', ')}, "dist/`;

/** What is wrong with the images of the services, as far as their Dockerfiles say it. */
export function dockerfileProblems(): string[] {
  const texts = SERVICES.map((service) => readFileSync(join(repositoryRoot(), 'apps', service, 'Dockerfile'), 'utf8'));
  const same = new Set(texts.map((text, n) => text.replaceAll(SERVICES[n]!, 'SERVICE'))).size === 1;
  return [
    ...(same ? [] : ['Dockerfiles: the four differ in more than the name of the service']),
    ...SERVICES.flatMap((service, n) =>
      dockerfileProblemsOf(texts[n]!).map((text) => `apps/${service}/Dockerfile: ${text}`),
    ),
  ];
}

export function dockerfileProblemsOf(text: string): string[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
  const images = lines.flatMap((line) => (/^ARG \w+_IMAGE=(\S+)/.exec(line) ?? []).slice(1));
  const has = (start: string): boolean => last.some((line) => line.startsWith(start));
  return [
    ...images.filter((image) => !FIXED.test(image)).map((image) => `${image} is no fixed version`),
    ...(lines.some((line) => /^FROM (?!\$\{|manifests)/.test(line)) ? ['builds on an image that no ARG names'] : []),
    ...(has('RUN ') ? ['runs a command in the last stage, which has no shell'] : []),
    ...(has('USER 10001:10001') ? [] : ['does not run as 10001']),
    ...(has(`ARG VERSION=${release()}`) ? [] : [`is not labelled ${release()}`]),
    ...(has(ENTRYPOINT) ? [] : ['does not start Node as process 1, with the flags of every service']),
  ];
}
