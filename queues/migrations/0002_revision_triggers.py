"""The revision grows with every change of a queue, a SIP address or opening hours, whoever writes."""

from django.db import migrations

_TABLES = ("queues_queue", "queues_sipaddress", "queues_openinghours", "queues_openingperiod", "queues_specialday")

_FORWARD = """
INSERT INTO queues_revision (id, number) VALUES (1, 1);
CREATE FUNCTION queues_revise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE queues_revision SET number = number + 1 WHERE id = 1;
  RETURN NULL;
END $$;
""" + "\n".join(
    f"CREATE TRIGGER revise AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION queues_revise();"
    for table in _TABLES
)
_BACKWARD = (
    "\n".join(f"DROP TRIGGER revise ON {table};" for table in _TABLES)
    + "DROP FUNCTION queues_revise(); DELETE FROM queues_revision;"
)


class Migration(migrations.Migration):
    dependencies = [("queues", "0001_initial")]
    operations = [migrations.RunSQL(_FORWARD, _BACKWARD)]
