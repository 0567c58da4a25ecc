"""Gives the roles what they may do with API keys."""

from django.db import migrations

from channels.roles import give_roles


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0005_carriers"),
        ("access", "0001_initial"),
    ]

    operations = [migrations.RunPython(lambda apps, _schema: give_roles(apps), migrations.RunPython.noop)]
