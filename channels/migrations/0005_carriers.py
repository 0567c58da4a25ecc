"""Carriers beside Twilio, numbers bought there, and who may buy them."""

import django.db.models.deletion
import encrypted_fields.fields
from django.conf import settings
from django.db import migrations, models

from channels.roles import give_roles


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0004_roles_of_messages'),
        ('queues', '0002_revision_triggers'),
        ('routing', '0002_versions_are_immutable'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='EmulatedNumber',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.CharField(max_length=64)),
                ('address', models.CharField(max_length=80, unique=True)),
                ('external_id', models.CharField(max_length=64, unique=True)),
                ('name', models.CharField(blank=True, max_length=100)),
                ('voice_url', models.CharField(blank=True, max_length=500)),
                ('status_url', models.CharField(blank=True, max_length=500)),
                ('message_url', models.CharField(blank=True, max_length=500)),
                ('reference', models.CharField(blank=True, max_length=100)),
                ('released_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AlterModelOptions(
            name='number',
            options={'ordering': ['address'], 'permissions': [('buy_number', 'Can buy, take over and release numbers')], 'verbose_name': 'number', 'verbose_name_plural': 'numbers'},
        ),
        migrations.AddField(
            model_name='account',
            name='api_url',
            field=models.CharField(blank=True, default='', help_text='For carriers where each has one of their own.', max_length=200, verbose_name='server'),
        ),
        migrations.AddField(
            model_name='account',
            name='carrier',
            field=models.CharField(blank=True, default='', help_text='Which of those that speak as the provider does. Empty: the provider itself.', max_length=20, verbose_name='carrier'),
        ),
        migrations.AddField(
            model_name='number',
            name='external_id',
            field=models.CharField(blank=True, default='', editable=False, max_length=64, verbose_name="carrier's id"),
        ),
        migrations.AddField(
            model_name='number',
            name='webhooks',
            field=models.CharField(choices=[('by_hand', 'set by hand at the carrier'), ('set', 'set by Pareto'), ('missing', 'not set')], default='by_hand', editable=False, max_length=10, verbose_name='webhooks'),
        ),
        migrations.AlterField(
            model_name='account',
            name='access_token',
            field=encrypted_fields.fields.EncryptedTextField(blank=True, help_text="What the carrier's interface is asked with, where that is not the auth token.", null=True, verbose_name='access token'),
        ),
        migrations.AlterField(
            model_name='account',
            name='sends_to',
            field=models.CharField(choices=[('emulator', 'nobody: the emulator plays the carrier'), ('carrier', 'the carrier')], default='emulator', help_text='Nothing reaches a real telephone, and nothing is bought, before you choose the carrier.', max_length=10, verbose_name='messages and orders go to'),
        ),
        migrations.CreateModel(
            name='NumberOrder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.CharField(choices=[('buy', 'buy'), ('connect', 'set the webhooks'), ('release', 'release')], max_length=10, verbose_name='what')),
                ('address', models.CharField(max_length=80, verbose_name='number')),
                ('state', models.CharField(choices=[('asked', 'under way'), ('waiting', 'the carrier works on it'), ('bought', 'bought, webhooks not set yet'), ('done', 'done'), ('failed', 'failed'), ('half', 'bought, but the webhooks could not be set')], default='asked', max_length=10, verbose_name='state')),
                ('problem', models.CharField(blank=True, max_length=400, verbose_name='what went wrong')),
                ('price', models.CharField(blank=True, max_length=40, verbose_name='price a month')),
                ('name', models.CharField(blank=True, max_length=100, verbose_name='name')),
                ('external_id', models.CharField(blank=True, max_length=64, verbose_name="carrier's id")),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('busy_until', models.DateTimeField(blank=True, null=True)),
                ('retry_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(verbose_name='ordered')),
                ('updated_at', models.DateTimeField(verbose_name='last change')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='orders', to='channels.account', verbose_name='account')),
                ('fallback_queue', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='queues.queue', verbose_name='fallback queue')),
                ('flow', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='routing.flow', verbose_name='flow')),
                ('number', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='orders', to='channels.number', verbose_name='number')),
                ('ordered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='ordered by')),
            ],
            options={
                'verbose_name': 'order of a number',
                'verbose_name_plural': 'orders of numbers',
                'ordering': ['-created_at', '-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['asked', 'waiting', 'bought'])), fields=('account', 'address'), name='number_order_one_open_an_address')],
            },
        ),
        migrations.RunPython(lambda apps, _schema: give_roles(apps), migrations.RunPython.noop),
    ]
