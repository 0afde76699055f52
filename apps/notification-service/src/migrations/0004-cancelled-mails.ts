import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Mails that were called back before they were handed over. */
export class CancelledMails1769000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await allow(runner, ['accepted', 'rejected', 'cancelled']);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM mail_outcome WHERE outcome = 'cancelled'`);
    await allow(runner, ['accepted', 'rejected']);
  }
}

async function allow(runner: QueryRunner, outcomes: readonly string[]): Promise<void> {
  const among = outcomes.map((outcome) => `'${outcome}'`).join(', ');
  await runner.query(
    `ALTER TABLE mail_outcome DROP CONSTRAINT mail_outcome_outcome_check,
       ADD CONSTRAINT mail_outcome_outcome_check CHECK (outcome IN (${among}))`,
  );
}
