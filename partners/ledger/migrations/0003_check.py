from django.db import migrations, models

from partners.guards import Guards, append_only


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0002_guards'),
    ]

    operations = [
        migrations.CreateModel(
            name='Check',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_index=True, verbose_name='At')),
                ('in_order', models.BooleanField(verbose_name='In order')),
                ('entries', models.PositiveBigIntegerField(verbose_name='Entries')),
                ('unsealed', models.PositiveBigIntegerField(verbose_name='Not yet sealed')),
                ('sequence', models.PositiveBigIntegerField(verbose_name='Sequence')),
                ('seal', models.CharField(max_length=64, verbose_name='Last seal')),
                ('faults', models.JSONField(default=list, verbose_name='Faults')),
                ('rows', models.JSONField(default=list, verbose_name='Trial balance')),
            ],
            options={
                'verbose_name': 'Check of the ledger',
                'verbose_name_plural': 'Checks of the ledger',
            },
        ),
        Guards(triggers=append_only("ledger_check")),
    ]
