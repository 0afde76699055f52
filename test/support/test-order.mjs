import { join, sep } from 'node:path';
import TestSequencer from '@jest/test-sequencer';

const Base = TestSequencer.default ?? TestSequencer;

/**
 * Spreads the tests that start whole systems over the others, the longest first: two at the same time slow each other down,
 * and one that begins last would keep a single worker busy at the end.
 */
export default class TestOrder extends Base {
  sort(tests) {
    const sorted = super.sort(tests);
    const isWhole = ({ path, context }) => path.startsWith(join(context.config.rootDir, 'test') + sep);
    const others = sorted.filter((test) => !isWhole(test));
    const wholes = sorted.filter(isWhole);
    const between = Math.floor(others.length / (wholes.length + 1));
    return [...wholes.flatMap((test) => [test, ...others.splice(0, between)]), ...others];
  }
}
