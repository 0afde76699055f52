import type { Say } from '../run-demo.js';
import type { Behaviour } from './people.js';
import { type Question, reportUndeliverable } from './recipients.js';

const AT_ONCE = 8;

/** What people do with the mail that asks them: the forms they send, the mails that come back. A few at a time. */
export class Answers {
  private readonly waiting: (() => Promise<void>)[] = [];
  private readonly told = new Set<Behaviour>();
  private working = 0;
  private failure?: Error;

  /** Tells about the first of each kind. */
  say: Say = () => undefined;

  constructor(private readonly bouncePort: number) {}

  /** Begins what this person does; silent people do nothing. */
  begin(question: Question, behaviour: Behaviour): void {
    const deed = this.deedOf(question, behaviour);
    if (!deed) return;
    this.waiting.push(deed);
    if (this.working < AT_ONCE) void this.work();
  }

  /** Throws what went wrong for anybody. */
  assertWell(): void {
    if (this.failure) throw this.failure;
  }

  private async work(): Promise<void> {
    this.working += 1;
    for (let deed = this.waiting.shift(); deed; deed = this.waiting.shift()) {
      await deed().catch((error: Error) => (this.failure ??= error));
    }
    this.working -= 1;
  }

  private tellOnce(behaviour: Behaviour, line: string): void {
    if (!this.told.has(behaviour)) this.say(line);
    this.told.add(behaviour);
  }

  private deedOf(question: Question, behaviour: Behaviour): (() => Promise<void>) | undefined {
    switch (behaviour) {
      case 'agrees':
        return async () => {
          const text = await wordsOf(question.link);
          await submit(question.link, { decision: 'opt-in', agree: 'yes', text });
          this.tellOnce(behaviour, '   the first person opened the form, ticked the box and agreed');
        };
      case 'declines':
        return async () => {
          await submit(question.link, { 'List-Unsubscribe': 'One-Click' });
          this.tellOnce(
            behaviour,
            '   one person pressed "unsubscribe" in the mail program (RFC 8058): no more mails to that person',
          );
        };
      case 'bounces':
        return async () => {
          await reportUndeliverable(question, this.bouncePort);
          this.tellOnce(behaviour, '   the first mail came back as undeliverable (RFC 3464)');
        };
      case 'stays-silent':
        return undefined;
    }
  }
}

/** Opens the form; it says by a hash which words it shows, and sends that along. */
async function wordsOf(link: string): Promise<string> {
  const page = await fetch(link, { headers: { accept: 'text/html' } });
  if (!page.ok) throw new Error(`the opt-in form was answered ${page.status}`);
  return /name="text" value="([\w-]+)"/.exec(await page.text())?.[1] ?? '';
}

async function submit(link: string, fields: Record<string, string>): Promise<void> {
  const answer = await fetch(link, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
  if (answer.status >= 400) throw new Error(`the answer of a person was refused with ${answer.status}`);
  await answer.arrayBuffer();
}
