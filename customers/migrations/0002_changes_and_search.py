"""Who was written last, by transaction, whoever writes; and names found by any part of them."""

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
"""
_BACKWARD = """
DROP TRIGGER mark_change ON customers_customer;
DROP FUNCTION customers_mark_change();
DROP INDEX customer_name_part;
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]
    operations = [migrations.RunSQL(_FORWARD, _BACKWARD)]
