import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Who asked, when a contact was disabled: what its certificate will say, should it be removed later without being asked for
 * again. Written down before only in the audit log; before there was one, nobody but the person could have it disabled.
 * Null is unknown as well: a process of the version before, still running during the upgrade, does not write it. A later
 * version fills that in the same way and makes it required.
 */
export class WhoDisabled1767000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE contact ADD COLUMN disabled_by text CHECK (disabled_by IN ('candidate', 'recruiter', 'address-holder'))`);
    await runner.query(`
      UPDATE contact SET disabled_by = COALESCE(
        (SELECT detail ->> 'requestedBy' FROM audit_log
         WHERE audit_log.tenant_id = contact.tenant_id AND target = contact.id::text
           AND action IN ('contact.disabled', 'expunge.postponed')
         ORDER BY at DESC, seq DESC LIMIT 1),
        'candidate')
      WHERE disabled_at IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE contact DROP COLUMN disabled_by');
  }
}
