import { setTimeout as pause } from 'node:timers/promises';
import { SERVICE_NAMES } from '#local';
import type { Chance } from './chance.js';
import type { MailManners } from './mail-server.js';
import type { Noise } from './noise.js';
import type { Network, Stage } from './stage.js';

/** Does something to the system; resolves, with what exactly it was, when nobody does anything to it any more. */
export type FaultKind = (stage: Stage, chance: Chance, noise: Noise) => Promise<string>;

/** A consumer that is silent for so long has lost its partitions. */
const SESSION_SECONDS = 10;

const seconds = (chance: Chance, least: number, most: number): Promise<void> =>
  pause(chance.between(least, most) * 1_000);

const kills: Record<string, FaultKind> = Object.fromEntries(
  SERVICE_NAMES.map((name): [string, FaultKind] => [
    `kill ${name}`,
    async ({ system }, chance) => {
      const times = chance.happens(0.3) ? 2 : 1;
      for (let n = 0; n < times; n += 1) {
        if (n > 0) await seconds(chance, 0.5, 4);
        await system.services[name].kill('SIGKILL');
      }
      return `SIGKILL, ${times} times`;
    },
  ]),
);

const freezes: Record<string, FaultKind> = Object.fromEntries(
  SERVICE_NAMES.map((name): [string, FaultKind] => [
    `freeze ${name}`,
    async ({ system }, chance) => {
      await system.services[name].kill('SIGSTOP');
      await seconds(chance, SESSION_SECONDS + 1, SESSION_SECONDS + 5);
      await system.services[name].kill('SIGCONT');
      return 'SIGSTOP, longer than the session';
    },
  ]),
);

const manners =
  (what: MailManners): FaultKind =>
  async ({ mails }, chance) => {
    mails.manners = what;
    await seconds(chance, 3, 8);
    mails.manners = 'accepts';
    return `the mail server ${what}`;
  };

const onNetwork = (to: keyof Network): Record<string, FaultKind> => ({
  [`slow ${to}`]: async ({ network }, chance) => {
    const ms = Math.round(chance.between(20, 150));
    network[to].delay(ms);
    await seconds(chance, 4, 8);
    network[to].mend();
    return `${ms} ms later`;
  },
  [`reset ${to}`]: async ({ network }, chance) => {
    const times = Math.round(chance.between(1, 4));
    for (let n = 0; n < times; n += 1) {
      network[to].reset();
      await seconds(chance, 0.2, 1.5);
    }
    return `all connections, ${times} times`;
  },
  [`half-open ${to}`]: async ({ network }, chance) => {
    network[to].swallow();
    await seconds(chance, 3, 9);
    network[to].mend();
    return 'nothing passes, nobody is told';
  },
});

/** Everything that is done to the system. */
export const FAULTS: Readonly<Record<string, FaultKind>> = {
  ...kills,
  ...freezes,
  'kill broker': async ({ kafka }, chance) => {
    await kafka.kill('SIGKILL');
    await seconds(chance, 0, 5);
    await kafka.restart();
    return 'SIGKILL, started again';
  },
  'stop database': async ({ postgres }, chance) => {
    await postgres.kill('SIGQUIT');
    await seconds(chance, 0, 4);
    await postgres.restart();
    return 'immediate stop, started again';
  },
  'refuse mails': manners('refuses'),
  'hang on mails': manners('hangs'),
  'drop mails': manners('drops'),
  ...onNetwork('kafka'),
  ...onNetwork('postgres'),
  ...onNetwork('smtp'),
  'double messages': async (_stage, chance, noise) => {
    await noise.double(chance.between(5, 12));
    return 'each message twice, half of them under a new id';
  },
  'mixed order': async (_stage, chance, noise) => `${await noise.shuffle(chance)} messages again, in any order`,
  'malformed messages': async (_stage, chance, noise) => `${await noise.malform(chance)} of them`,
  'replay a topic': async (_stage, chance, noise) => noise.replay(chance),
};
