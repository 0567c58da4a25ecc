"""A published version cannot be changed, whoever writes: contacts under way stand on it."""

from django.db import migrations

_FORWARD = """
CREATE FUNCTION routing_keep_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a published flow version cannot be changed' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER keep BEFORE UPDATE ON routing_flowversion FOR EACH ROW
  WHEN (OLD.definition IS DISTINCT FROM NEW.definition OR OLD.subflows IS DISTINCT FROM NEW.subflows
        OR OLD.number IS DISTINCT FROM NEW.number OR OLD.flow_id IS DISTINCT FROM NEW.flow_id
        OR OLD.published_at IS DISTINCT FROM NEW.published_at)
  EXECUTE FUNCTION routing_keep_version();
"""
_BACKWARD = "DROP TRIGGER keep ON routing_flowversion; DROP FUNCTION routing_keep_version();"


class Migration(migrations.Migration):
    dependencies = [("routing", "0001_initial")]
    operations = [migrations.RunSQL(_FORWARD, _BACKWARD)]
