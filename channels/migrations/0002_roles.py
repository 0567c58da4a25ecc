"""Managers, Supervisors, Read-only and API clients, as groups."""

from typing import Any

from django.db import migrations

from channels.roles import give_roles


def give(apps: Any, _schema_editor: Any) -> None:
    give_roles(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0001_initial"),
        ("auditlog", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("channels", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("customers", "0002_changes_and_search"),
        ("enrichment", "0001_initial"),
        ("outgoing", "0001_initial"),
        ("privacy", "0001_initial"),
        ("queues", "0001_initial"),
        ("routing", "0001_initial"),
        ("tiers", "0001_initial"),
    ]

    operations = [
        # Going back keeps the groups: people may be in them.
        migrations.RunPython(give, migrations.RunPython.noop),
    ]
