import { Injectable } from '@nestjs/common';
import type { EntityManager, EntitySubscriberInterface, QueryRunner } from 'typeorm';
import { Pumps } from '#service';

/** Name of the pump that sends mails. */
export const SEND_MAIL = 'send-mail';
const MAIL_QUEUED = 'mailQueued';

/** Wakes the sender as soon as a transaction that stored mails has committed; without it mails would wait for the poll. */
@Injectable()
export class WakeSender implements EntitySubscriberInterface {
  constructor(private readonly pumps: Pumps) {}

  afterCommit(tx: EntityManager): void {
    // Registered at the first use: connecting the DataSource replaces its list of subscribers.
    const { subscribers } = tx.connection;
    if (!subscribers.includes(this)) subscribers.push(this);
    if (tx.queryRunner) tx.queryRunner.data[MAIL_QUEUED] = true;
  }

  afterTransactionCommit({ queryRunner }: { queryRunner: QueryRunner }): void {
    if (queryRunner.data[MAIL_QUEUED] === true) this.pumps.wake(SEND_MAIL);
  }
}
