import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Child, startChild } from '../children.js';
import { baseEnvironment } from '../config.js';
import { KeepRunning } from '../keep-running.js';
import { sourceFile } from '../paths.js';
import { freePort } from '../ports.js';
import { waitUntil } from '../wait-until.js';
import { answersMetadata } from './answers-metadata.js';
import { downloadKafka } from './download-kafka.js';
import { findJava } from './java.js';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;

export interface KafkaOptions {
  /** Kept between starts: the topics and their messages. */
  dataDir: string;
  /** Free ones unless told. */
  port?: number;
  controllerPort?: number;
  /** Lines added to server.properties, where they win; {PORT} and {CONTROLLER_PORT} are filled in. For tests. */
  properties?: string[];
  /** Added to the command that formats the storage: users with their first passwords. For tests. */
  formatArguments?: string[];
  /** Starts sooner and caps the peak speed: tests and demo only. */
  fast?: boolean;
  /** File for what the JVM prints. */
  log: string;
  /** Told what a download does; silent otherwise. */
  progress?: (line: string) => void;
  /** Told when the broker ends unasked, which is then started again; without it the broker stays down. */
  report?: (line: string) => void;
}

export interface KafkaBroker {
  readonly brokers: string[];
  /** Undefined while nothing runs. */
  readonly pid: number | undefined;
  readonly logFile: string;
  /** Orderly shutdown; SIGKILL if it takes longer than 20 s. */
  stop(): Promise<void>;
  /** Ends the broker at once; `restart` brings it back (about 4 s after SIGKILL). */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Stops the broker if it runs and starts it again on the same ports with the same data. */
  restart(): Promise<void>;
  /** Runs one of Kafka's own command-line classes to its end; rejects, naming the log, when it fails. */
  runTool(className: string, args: string[]): Promise<void>;
}

/**
 * Starts Apache Kafka 4.3.1 as one JVM on 127.0.0.1 and returns when a client can work with it. The jars
 * are downloaded on the first use. Ends a broker on the same data that an earlier launcher left behind.
 * Throws JavaMissing, WrongHash, or an Error with the log file's name.
 */
export async function startKafka(options: KafkaOptions): Promise<KafkaBroker> {
  const java = await findJava();
  const jars = await downloadKafka({ progress: options.progress });
  const dataDir = resolve(options.dataDir);
  const port = options.port ?? (await freePort());
  const controllerPort = options.controllerPort ?? (await freePort());
  const node: Node = { ...options, java, classPath: jars.join(':'), dataDir, port, controllerPort };
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  await formatOnce(node);
  const broker = new KeepRunning({
    name: 'Kafka',
    logFile: options.log,
    report: options.report,
    launch: () => launch(node),
    end: (running) => running.stop('SIGTERM', STOP_TIMEOUT_MS),
  });
  await broker.start();
  return {
    brokers: [`127.0.0.1:${port}`],
    logFile: options.log,
    get pid() {
      return broker.current?.pid;
    },
    stop: () => broker.stop(),
    kill: (signal) => broker.kill(signal),
    async restart() {
      await broker.stop();
      await broker.start();
    },
    runTool: (className, args) => runTool(node, className, args),
  };
}

interface Node {
  java: string;
  classPath: string;
  dataDir: string;
  port: number;
  controllerPort: number;
  properties?: string[];
  formatArguments?: string[];
  fast?: boolean;
  log: string;
}

async function formatOnce(node: Node): Promise<void> {
  const data = join(node.dataDir, 'data');
  if (existsSync(data)) return;
  // Formatted beside its place and then moved: a start that was killed leaves nothing half formatted.
  const half = join(node.dataDir, 'data.new');
  rmSync(half, { recursive: true, force: true });
  const config = writeProperties(node, half);
  // A letter in front, because an argument that begins with a dash is taken for an option.
  const clusterId = `A${randomBytes(16).toString('base64url').slice(1)}`;
  const args = ['--cluster-id', clusterId, '--config', config, ...(node.formatArguments ?? [])];
  await runTool(node, 'kafka.tools.StorageTool', ['format', ...args]);
  renameSync(half, data);
}

async function runTool(node: Node, className: string, args: string[]): Promise<void> {
  const tool = await startJvm(node, [className, ...args], 'tool.pid');
  const { code } = await tool.exited;
  if (code !== 0) throw new Error(`Kafka's ${className} failed (see ${node.log})`);
}

async function launch(node: Node): Promise<Child> {
  const config = writeProperties(node, join(node.dataDir, 'data'));
  const broker = await startJvm(node, ['kafka.Kafka', config]);
  const probe = async (): Promise<Child | undefined> => {
    if (!broker.running) throw new Error(`Kafka ended while starting (see ${node.log})`);
    return (await answersMetadata('127.0.0.1', node.port)) ? broker : undefined;
  };
  try {
    const what = `Kafka answers on port ${node.port}`;
    return await waitUntil(probe, { what, timeoutMs: START_TIMEOUT_MS, everyMs: 50, see: node.log });
  } catch (error) {
    await broker.kill('SIGKILL');
    throw error;
  }
}

function startJvm(node: Node, args: string[], pidFile = 'kafka.pid'): Promise<Child> {
  const marker = `-Dcontact-expunge.local=${node.dataDir}`;
  return startChild({
    command: node.java,
    args: [
      marker,
      '-Xms128m',
      '-Xmx512m',
      '-XX:+UseSerialGC',
      ...(node.fast === true ? ['-XX:TieredStopAtLevel=1'] : []),
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-Dorg.slf4j.simpleLogger.showDateTime=true',
      '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS',
      '-cp',
      node.classPath,
      ...args,
    ],
    env: baseEnvironment(),
    logFile: node.log,
    pidFile: join(node.dataDir, pidFile),
    marker,
    cwd: node.dataDir,
  });
}

function writeProperties(node: Node, data: string): string {
  const usual = readFileSync(sourceFile('kafka', 'server.properties'), 'utf8');
  const filled = [usual, ...(node.properties ?? []), '']
    .join('\n')
    .replaceAll('{PORT}', String(node.port))
    .replaceAll('{CONTROLLER_PORT}', String(node.controllerPort))
    .replaceAll('{DATA}', data);
  const file = join(node.dataDir, 'server.properties');
  writeFileSync(file, filled);
  return file;
}
