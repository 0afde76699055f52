import { KeepRunning } from './keep-running.js';
import { type ServiceOptions, type ServiceProcess, startService, waitUntilReady } from './services.js';

const GIVE_UP_AFTER = 5;
const READY_TIMEOUT_MS = 60_000;

export interface SupervisedOptions extends ServiceOptions {
  /** Base address; `ready` asks its /health/ready. */
  url: string;
  /** Told about every unexpected end, in one line. */
  report: (line: string) => void;
}

/** A service that is started again whenever its process ends without having been asked to, as KeepRunning does it. */
export class SupervisedService {
  private readonly process: KeepRunning<ServiceProcess>;

  constructor(private readonly options: SupervisedOptions) {
    const { name, logFile, report } = options;
    const launch = (): Promise<ServiceProcess> => startService(options);
    this.process = new KeepRunning({ name, logFile, report, launch, end: (running) => running.stop() });
  }

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
    return this.process.current?.pid;
  }

  /** How often it was started again. */
  get restarts(): number {
    return this.process.restarts;
  }

  /** Starts it (again, after `stop`). Does not wait until it is ready. */
  start(): Promise<void> {
    return this.process.start();
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
    await this.process.current?.kill(signal);
  }

  /** Stops it for good: SIGTERM, SIGKILL after 50 s. Returns when the process is gone. */
  stop(): Promise<void> {
    return this.process.stop();
  }
}
