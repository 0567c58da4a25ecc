"""Gives the roles what they may do with conversations."""

from django.db import migrations

from channels.roles import give_roles


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0003_messages"),
    ]

    operations = [migrations.RunPython(lambda apps, _schema: give_roles(apps), migrations.RunPython.noop)]
