import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from partners.guards import Guards
from traceability.guards import BOXES, KEYS_ON_SQLITE


class TakenDown(Guards):
    """Before a table is rebuilt; taken back, its triggers are put up again."""

    def database_forwards(self, *args, **kwargs):
        super().database_backwards(*args, **kwargs)

    def database_backwards(self, *args, **kwargs):
        super().database_forwards(*args, **kwargs)

    def describe(self):
        return "Take down " + ", ".join(trigger.name for trigger in self.triggers)


class Migration(migrations.Migration):

    dependencies = [
        ('traceability', '0005_witnesses'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        TakenDown(triggers=KEYS_ON_SQLITE),
        migrations.RemoveConstraint(
            model_name='signingkey',
            name='key_purpose_known',
        ),
        migrations.AlterField(
            model_name='signingkey',
            name='purpose',
            field=models.CharField(choices=[('certificate', 'Certificates'), ('log', 'The public log and its revocation lists'), ('box', 'Box codes')], max_length=11, verbose_name='Purpose'),
        ),
        migrations.AddConstraint(
            model_name='signingkey',
            constraint=models.CheckConstraint(condition=models.Q(('purpose__in', ['certificate', 'log', 'box'])), name='key_purpose_known'),
        ),
        Guards(triggers=KEYS_ON_SQLITE),
        migrations.AlterField(
            model_name='logleaf',
            name='kind',
            field=models.CharField(choices=[('key', 'Signing key'), ('certificate', 'Certificate'), ('batch', 'Label batch'), ('status', 'Status event'), ('key_list', 'Key list'), ('boxes', 'Box codes')], max_length=11, verbose_name='Kind'),
        ),
        migrations.CreateModel(
            name='BoxIssue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('root', models.CharField(max_length=64, verbose_name='Merkle root')),
                ('issued_at', models.DateTimeField(verbose_name='Issued at')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='box_issues', to='traceability.labelbatch')),
                ('issued_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('key', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='box_issues', to='traceability.signingkey')),
                ('leaf', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='box_issue', to='traceability.logleaf')),
            ],
            options={
                'verbose_name': 'Issue of box codes',
                'verbose_name_plural': 'Issues of box codes',
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('batch', 'key'), name='boxes_issued_once_by_a_key')],
            },
        ),
        migrations.CreateModel(
            name='RevocationList',
            fields=[
                ('number', models.PositiveIntegerField(primary_key=True, serialize=False, verbose_name='Number of the list')),
                ('lines', models.BigIntegerField(verbose_name='Lines of the log it takes in')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('issued_at', models.DateTimeField(verbose_name='Issued at')),
            ],
            options={
                'verbose_name': 'Revocation list',
                'verbose_name_plural': 'Revocation lists',
                'ordering': ['number'],
                'constraints': [models.CheckConstraint(condition=models.Q(('lines__gte', 0)), name='revocations_of_whole_lines')],
            },
        ),
        Guards(triggers=BOXES),
    ]
