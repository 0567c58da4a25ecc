"""What happens is noted by the database, in the transaction in which it happens, whoever writes: no webhook waits for it."""

from django.db import migrations

_FORWARD = """
CREATE FUNCTION outgoing_note(what text, facts jsonb, bulk boolean) RETURNS void LANGUAGE sql AS $$
  INSERT INTO outgoing_delivery
    (subscription_id, event_id, kind, facts, is_bulk, body, state, attempts, due_at, response, error,
     created_at)
  SELECT s.id, event.id, what, facts, bulk, '', 'due', 0, clock_timestamp(), '', '', clock_timestamp()
    FROM outgoing_subscription s, (SELECT gen_random_uuid() AS id) event
   WHERE s.is_active AND what = ANY(s.kinds)
     -- One that is being taken away at this moment is waited for, and then not there: a call never fails by it.
     FOR KEY SHARE OF s
$$;

CREATE FUNCTION outgoing_contact() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  facts jsonb;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM outgoing_subscription WHERE is_active) THEN
    RETURN NULL;
  END IF;
  facts := jsonb_build_object('contact', NEW.id, 'reference', NEW.reference, 'state', NEW.state,
    'outcome', NEW.outcome, 'queue', NEW.queue_id, 'fell_back', NEW.fell_back,
    'last_event_at', NEW.last_event_at, 'ended_at', NEW.ended_at);
  IF TG_OP = 'INSERT' THEN
    PERFORM outgoing_note('contact.started', facts, false);
  END IF;
  IF NEW.queue_id IS NOT NULL AND (TG_OP = 'INSERT' OR OLD.queue_id IS DISTINCT FROM NEW.queue_id) THEN
    PERFORM outgoing_note('contact.routed', facts, false);
  END IF;
  IF NEW.outcome = 'connected' AND (TG_OP = 'INSERT' OR OLD.outcome <> 'connected') THEN
    PERFORM outgoing_note('contact.answered', facts, false);
  END IF;
  IF NEW.state = 'ended' AND (TG_OP = 'INSERT' OR OLD.state <> 'ended') THEN
    PERFORM outgoing_note('contact.ended', facts, false);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION outgoing_tier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM outgoing_note('customer.tier_changed', jsonb_build_object('customer', NEW.id,
    'external_id', NEW.external_id, 'before', OLD.tier_id, 'after', NEW.tier_id, 'by', NEW.tier_by), true);
  RETURN NULL;
END $$;

CREATE TRIGGER tell_of_new AFTER INSERT ON routing_contact
  FOR EACH ROW EXECUTE FUNCTION outgoing_contact();
CREATE TRIGGER tell_of_change AFTER UPDATE ON routing_contact
  FOR EACH ROW WHEN (OLD.state <> NEW.state OR OLD.outcome <> NEW.outcome OR OLD.queue_id IS DISTINCT FROM NEW.queue_id)
  EXECUTE FUNCTION outgoing_contact();
CREATE TRIGGER tell_of_tier AFTER UPDATE ON customers_customer
  FOR EACH ROW WHEN (OLD.tier_id IS DISTINCT FROM NEW.tier_id) EXECUTE FUNCTION outgoing_tier();
"""
_BACKWARD = """
DROP TRIGGER tell_of_tier ON customers_customer;
DROP TRIGGER tell_of_change ON routing_contact;
DROP TRIGGER tell_of_new ON routing_contact;
DROP FUNCTION outgoing_tier();
DROP FUNCTION outgoing_contact();
DROP FUNCTION outgoing_note(text, jsonb, boolean);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("outgoing", "0001_initial"),
        ("routing", "0001_initial"),
        ("customers", "0001_initial"),
    ]
    operations = [migrations.RunSQL(_FORWARD, _BACKWARD)]
