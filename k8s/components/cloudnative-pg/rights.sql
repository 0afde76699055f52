-- Run on template1, so that each database made from it has these rights: owners make tables, the application role of the
-- same service reads and writes their rows, everybody else nothing. Who may connect to which database: pg_hba in cluster.yaml.
-- The same as apps/local/src/databases.ts (a test compares them).
REVOKE ALL ON SCHEMA public FROM PUBLIC;
DO $$
DECLARE
  service text;
BEGIN
  FOREACH service IN ARRAY ARRAY['contact_service', 'workflow_service', 'notification_service', 'privacy_service'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = service || '_owner') THEN
      EXECUTE format('CREATE ROLE %I LOGIN', service || '_owner');
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = service || '_app') THEN
      EXECUTE format('CREATE ROLE %I LOGIN', service || '_app');
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', service || '_app');
    EXECUTE format(
      'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I',
      service || '_owner', service || '_app');
    EXECUTE format(
      'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public GRANT USAGE ON SEQUENCES TO %I',
      service || '_owner', service || '_app');
  END LOOP;
END
$$;
