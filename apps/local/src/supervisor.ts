import { type ServiceOptions, type ServiceProcess, startService, waitUntilReady } from './services.js';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
/** After living this long a process counts as sound, and the next pause is the shortest again. */
const SOUND_AFTER_MS = 10_000;
const GIVE_UP_AFTER = 5;
const READY_TIMEOUT_MS = 60_000;

export interface SupervisedOptions extends ServiceOptions {
  /** Base address; `ready` asks its /health/ready. */
  url: string;
  /** Told about every unexpected end, in one line. */
  report: (line: string) => void;
}

/**
 * A service that is started again whenever its process ends without having been asked to: after 250 ms,
 * doubling to 5 s while it keeps ending. `restarts` counts that.
 */
export class SupervisedService {
  restarts = 0;
  private current?: ServiceProcess;
  private wanted = false;
  private pauseMs = FIRST_PAUSE_MS;
  private timer?: NodeJS.Timeout;
  private launching: Promise<void> = Promise.resolve();

  constructor(private readonly options: SupervisedOptions) {}

  get name(): string {
    return this.options.name;
  }

  get url(): string {
    return this.options.url;
  }

  get logFile(): string {
    return this.options.logFile;
  }

  /** The process id, undefined while nothing runs. */
  get pid(): number | undefined {
    return this.current?.pid;
  }

  /** Starts it (again, after `stop`). Does not wait until it is ready. */
  async start(): Promise<void> {
    if (this.wanted) return;
    this.wanted = true;
    this.launching = this.launch();
    await this.launching;
  }

  /** Waits until /health/ready answers 200; rejects after `timeoutMs` or when the process keeps ending. */
  async ready(timeoutMs = READY_TIMEOUT_MS): Promise<void> {
    const before = this.restarts;
    const giveUp = (): void => {
      if (this.restarts - before < GIVE_UP_AFTER) return;
      throw new Error(`${this.name} ends again and again (see ${this.logFile})`);
    };
    await waitUntilReady(this.name, this.url, { timeoutMs, see: this.logFile, giveUp });
  }

  /** Ends the process as a crash would; it is started again. Returns when it is gone. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.current?.kill(signal);
  }

  /** Stops it for good: SIGTERM, SIGKILL after 50 s. Returns when the process is gone. */
  async stop(): Promise<void> {
    this.wanted = false;
    clearTimeout(this.timer);
    // A process that is being started right now must not slip through; its failure to start is reported elsewhere.
    await this.launching.catch(() => undefined);
    await this.current?.stop();
  }

  private async launch(): Promise<void> {
    const started = Date.now();
    const service = await startService(this.options);
    this.current = service;
    void service.exited.then(({ code, signal }) => {
      this.current = undefined;
      if (this.wanted) this.again(started, `${this.name} ended with ${code ?? signal ?? 'nothing'}`);
    });
  }

  private again(started: number, reason: string): void {
    if (Date.now() - started > SOUND_AFTER_MS) this.pauseMs = FIRST_PAUSE_MS;
    const pause = this.pauseMs;
    this.pauseMs = Math.min(pause * 2, LONGEST_PAUSE_MS);
    this.restarts += 1;
    this.options.report(`${reason}; started again in ${pause} ms (restart ${this.restarts}, see ${this.logFile})`);
    this.timer = setTimeout(() => {
      this.launching = this.launch().catch((error: Error) => {
        this.again(Date.now(), `${this.name} did not start: ${error.message}`);
      });
    }, pause);
  }
}
