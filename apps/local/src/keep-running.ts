import type { Exit } from './children.js';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
/** After living this long a process counts as sound, and the next pause is the shortest again. */
const SOUND_AFTER_MS = 10_000;

interface Running {
  readonly pid: number;
  /** Settles when the process ended; never rejects. */
  readonly exited: Promise<Exit>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface KeepRunningOptions<R extends Running> {
  name: string;
  logFile: string;
  launch: () => Promise<R>;
  /** Asks the process to end, and returns when it is gone. */
  end: (running: R) => Promise<void>;
  /** Told about every unexpected end, in one line. Without it a process that ended stays down. */
  report?: (line: string) => void;
}

/**
 * Starts a process again whenever it ends without having been asked to: after 250 ms, doubling to 5 s while it keeps
 * ending. `restarts` counts that.
 */
export class KeepRunning<R extends Running> {
  restarts = 0;
  /** What runs, undefined while nothing does. */
  current?: R;
  private wanted = false;
  private pauseMs = FIRST_PAUSE_MS;
  private timer?: NodeJS.Timeout;
  private launching: Promise<void> = Promise.resolve();

  constructor(private readonly options: KeepRunningOptions<R>) {}

  /** Starts it (again, after `stop`); rejects when the launch does. */
  async start(): Promise<void> {
    if (this.wanted) return;
    this.wanted = true;
    this.launching = this.launch();
    await this.launching;
  }

  /** Ends it for good; returns when the process is gone. */
  async stop(): Promise<void> {
    this.wanted = false;
    clearTimeout(this.timer);
    // A process that is being started right now must not slip through; its failure to start is reported elsewhere.
    await this.launching.catch(() => undefined);
    if (this.current) await this.options.end(this.current);
  }

  /** Sends one signal on purpose: what ends by it is not started again before `start` is called. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') this.wanted = false;
    await this.current?.kill(signal);
  }

  private async launch(): Promise<void> {
    const started = Date.now();
    const running = await this.options.launch();
    this.current = running;
    void running.exited.then(({ code, signal }) => {
      this.current = undefined;
      this.again(started, `${this.options.name} ended with ${code ?? signal ?? 'nothing'}`);
    });
  }

  private again(started: number, reason: string): void {
    const { report, logFile, name } = this.options;
    if (!this.wanted || !report) return;
    if (Date.now() - started > SOUND_AFTER_MS) this.pauseMs = FIRST_PAUSE_MS;
    const pause = this.pauseMs;
    this.pauseMs = Math.min(pause * 2, LONGEST_PAUSE_MS);
    this.restarts += 1;
    report(`${reason}; started again in ${pause} ms (restart ${this.restarts}, see ${logFile})`);
    this.timer = setTimeout(() => {
      this.launching = this.launch().catch((error: Error) => {
        this.again(Date.now(), `${name} did not start: ${error.message}`);
      });
    }, pause);
  }
}
