"""Gives the roles what they may do with outgoing webhooks."""

from django.db import migrations

from channels.roles import give_roles


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0007_roles_of_tiers"),
        ("outgoing", "0001_initial"),
    ]

    operations = [migrations.RunPython(lambda apps, _schema: give_roles(apps), migrations.RunPython.noop)]
