import type { AddressInfo } from 'node:net';
import { type BeforeApplicationShutdown, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { SMTPServer } from 'smtp-server';
import { safeError } from '#messaging';
import { type PumpResult, Pumps, Readiness } from '#service';
import { NotificationConfig } from '../config.js';
import { type BounceDesk, certificateOf, makeBounceServer } from './bounce-server.js';
import { TakeReport } from './take-report.js';

const LOOK_MS = 2_000;

/**
 * Keeps the door for reports open while the service works: from when its database is usable until it stops. A port that is
 * taken is tried again every two seconds, and the service is not ready meanwhile.
 */
@Injectable()
export class ListenForBounces implements OnModuleInit, BeforeApplicationShutdown, BounceDesk {
  private readonly logger = new Logger('bounces');
  private server: SMTPServer | undefined;
  private certificate: string | undefined;
  private stopping = false;
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly config: NotificationConfig,
    private readonly reports: TakeReport,
    private readonly pumps: Pumps,
    private readonly readiness: Readiness,
  ) {}

  /** Where it listens; undefined while it does not. */
  get port(): number | undefined {
    return (this.server?.server.address() as AddressInfo | null | undefined)?.port;
  }

  onModuleInit(): void {
    if (this.config.isDeaf) this.logger.warn({ msg: 'nobody can tell of mails that come back: see /health/mail' });
    if (this.config.BOUNCE_SMTP_PORT === undefined) return;
    this.readiness.set('bounces', 'bounces: not listening');
    this.pumps.register({ name: 'listen-for-bounces', everyMs: LOOK_MS, run: () => this.execute() });
  }

  async execute(): Promise<PumpResult> {
    if (this.server) this.renewCertificate(this.server);
    else await this.open();
    return 'idle';
  }

  mailOf(address: string): Promise<string> {
    return this.reports.mailOf(address, this.stopping);
  }

  async take(emailId: string, raw: Buffer): Promise<void> {
    const taking = this.reports.execute(emailId, raw);
    this.underWay.add(taking);
    await taking.finally(() => this.underWay.delete(taking));
  }

  /** What is being written down is acknowledged; nothing else is taken. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await Promise.allSettled(this.underWay);
    const { server } = this;
    this.server = undefined;
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  private async open(): Promise<void> {
    const { BOUNCE_SMTP_PORT: port, BOUNCE_SMTP_HOST: host } = this.config;
    const server = makeBounceServer(this.config, this);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve();
        });
      });
    } catch (error) {
      this.logger.error({ msg: 'the port for reports cannot be listened on', error: safeError(error) });
      return;
    }
    this.server = server;
    this.certificate = JSON.stringify(certificateOf(this.config));
    this.readiness.clear('bounces');
    this.logger.log({ msg: 'listening for reports' });
  }

  /** Half of a rotation does not fit together and is tried again; the certificate known so far stays in use. */
  private renewCertificate(server: SMTPServer): void {
    try {
      const certificate = certificateOf(this.config);
      if (!certificate || JSON.stringify(certificate) === this.certificate) return;
      server.updateSecureContext(certificate);
      this.certificate = JSON.stringify(certificate);
      this.logger.log({ msg: 'certificate read again' });
    } catch (error) {
      this.logger.error({ msg: 'a changed certificate cannot be used', error: safeError(error) });
    }
  }
}
