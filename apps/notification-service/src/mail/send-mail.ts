import { type BeforeApplicationShutdown, Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type PumpResult, Pumps } from '#service';
import { NotificationConfig } from '../config.js';
import { claimMails, type ClaimTerms } from './claim-mails.js';
import { ClaimOptIns } from './claim-opt-ins.js';
import { DeliverMails } from './deliver-mails.js';
import { SEND_MAIL } from './wake-sender.js';

const POLL_MS = 500;
/** Mails claimed ahead for each connection: enough that none of them waits for the database. */
const AHEAD = 40;

/**
 * Takes due mails from the table and hands them to the connections. Woken when mails were stored and when there is room
 * again; the poll finds what is due later, and what a stopped process left behind. It never waits for a mail server, so
 * that a slow one delays no mail that could go over another connection.
 */
@Injectable()
export class SendMail implements OnModuleInit, BeforeApplicationShutdown {
  private readonly most: number;

  constructor(
    private readonly db: DataSource,
    private readonly optIns: ClaimOptIns,
    private readonly config: NotificationConfig,
    private readonly pumps: Pumps,
    private readonly delivery: DeliverMails,
  ) {
    this.most = config.SMTP_CONNECTIONS * AHEAD;
  }

  onModuleInit(): void {
    this.delivery.onRoom = () => this.pumps.wake(SEND_MAIL);
    this.pumps.register({ name: SEND_MAIL, everyMs: POLL_MS, run: () => this.execute() });
  }

  /** Hands on what is claimed in one go; 'more' when a claim was full. */
  async execute(): Promise<PumpResult> {
    const urgent = await this.takeUrgent();
    const optIns = await this.takeOptIns();
    return urgent || optIns ? 'more' : 'idle';
  }

  /** The pump has ended before; what is under way ends and is written down, what is only claimed is given back. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.delivery.finish();
  }

  private async takeUrgent(): Promise<boolean> {
    const limit = this.delivery.room(this.most, 'urgent');
    if (limit === 0) return false;
    const mails = await claimMails(this.db, this.terms(limit));
    this.delivery.deliver(mails);
    return mails.length === limit;
  }

  private async takeOptIns(): Promise<boolean> {
    const limit = this.delivery.room(this.most, 'opt-in');
    if (limit === 0) return false;
    const { mails, more } = await this.optIns.execute(this.terms(limit));
    this.delivery.deliver(mails);
    return more;
  }

  private terms(limit: number): ClaimTerms {
    return {
      limit,
      except: this.delivery.underWay,
      leaseSeconds: this.delivery.leaseMs / 1_000,
      giveUpAfterHours: this.config.MAIL_GIVE_UP_AFTER_HOURS,
    };
  }
}
