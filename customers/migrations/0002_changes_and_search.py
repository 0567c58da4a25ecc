"""Who was written last, by transaction, whoever writes; who is gone; and names found by any part of them."""

from django.db import migrations

_FORWARD = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX customer_name_part ON customers_customer USING gin (upper(name::text) gin_trgm_ops);

CREATE FUNCTION customers_mark_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.change := pg_current_xact_id()::text::bigint;
  RETURN NEW;
END $$;
CREATE TRIGGER mark_change BEFORE INSERT OR UPDATE ON customers_customer
  FOR EACH ROW EXECUTE FUNCTION customers_mark_change();

-- An address or a consent that comes or goes is a change of its customer.
CREATE FUNCTION customers_mark_owners() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE customers_customer SET change = 0
  WHERE id IN (SELECT customer_id FROM touched)
    AND change IS DISTINCT FROM pg_current_xact_id()::text::bigint;
  RETURN NULL;
END $$;
CREATE TRIGGER mark_owner_of_new AFTER INSERT ON customers_identity
  REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION customers_mark_owners();
CREATE TRIGGER mark_owner_of_gone AFTER DELETE ON customers_identity
  REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION customers_mark_owners();
CREATE TRIGGER mark_owner_before AFTER UPDATE ON customers_identity
  REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION customers_mark_owners();
CREATE TRIGGER mark_owner_now AFTER UPDATE ON customers_identity
  REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION customers_mark_owners();
CREATE TRIGGER mark_owner_of_new AFTER INSERT ON customers_consent
  REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION customers_mark_owners();
CREATE TRIGGER mark_owner_of_gone AFTER DELETE ON customers_consent
  REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION customers_mark_owners();
CREATE TRIGGER mark_owner_now AFTER UPDATE ON customers_consent
  REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION customers_mark_owners();

CREATE FUNCTION customers_bury() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO customers_tombstone (external_id, customer_id, merged_into, source_version, source_at, change, at)
  SELECT external_id, id, '', source_version, source_at, pg_current_xact_id()::text::bigint, statement_timestamp()
  FROM gone;
  RETURN NULL;
END $$;
CREATE TRIGGER bury AFTER DELETE ON customers_customer
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION customers_bury();
"""
_BACKWARD = """
DROP FUNCTION customers_bury() CASCADE;
DROP FUNCTION customers_mark_owners() CASCADE;
DROP FUNCTION customers_mark_change() CASCADE;
DROP INDEX customer_name_part;
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]
    operations = [migrations.RunSQL(_FORWARD, _BACKWARD)]
