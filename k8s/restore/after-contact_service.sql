-- What people have decided since the dump is unknown now: opt-ins, holds, a kill switch, expunge switched off. Nobody may be
-- removed for good on what was known before, so the kill switch of every client company is on until somebody releases it.
SET search_path = public;
WITH stopped AS (
  UPDATE tenant SET kill_switch_since = now() WHERE kill_switch_since IS NULL RETURNING id
), noted AS (
  INSERT INTO kill_switch_change (id, tenant_id, switched_on, reason, changed_by, changed_at)
  SELECT gen_random_uuid(), id, true, 'Restored from a backup: what was decided since is unknown.', 'system', now()
  FROM stopped
), added AS (
  INSERT INTO audit_log (tenant_id, at, actor, action, target, outcome, detail)
  SELECT id, clock_timestamp(), 'system', 'kill-switch.switched-on', id, 'done', '{"why": "restored"}' FROM stopped
  RETURNING seq
)
INSERT INTO audit_unchained (seq) SELECT seq FROM added;
