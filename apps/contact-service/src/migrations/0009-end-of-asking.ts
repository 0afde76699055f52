import type { MigrationInterface, QueryRunner } from 'typeorm';
import { keepOutOfStatistics } from '#messaging';

/** When mails that ask were called back, and the order to send them while their fate is not known; and which contacts nobody asks because somebody at the client said so. */
export class EndOfAsking1769200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE opt_in_ask ADD COLUMN called_back_at timestamptz, ADD COLUMN sealed text');
    await keepOutOfStatistics(runner, { opt_in_ask: 'sealed' });
    await runner.query(
      'ALTER TABLE contact ADD COLUMN asking_stopped_at timestamptz, ADD COLUMN asking_stopped_by text',
    );
    await keepOutOfStatistics(runner, { contact: 'asking_stopped_by' });
    await runner.query(`
      UPDATE contact SET asking_stopped_at = ask.stopped_at, asking_stopped_by = ask.stopped_by
      FROM (SELECT DISTINCT ON (contact_id) * FROM opt_in_ask WHERE stopped_by <> 'withdrawn' ORDER BY contact_id, stopped_at) AS ask
      WHERE ask.contact_id = contact.id`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE opt_in_ask DROP COLUMN called_back_at, DROP COLUMN sealed');
    await runner.query('ALTER TABLE contact DROP COLUMN asking_stopped_at, DROP COLUMN asking_stopped_by');
  }
}
