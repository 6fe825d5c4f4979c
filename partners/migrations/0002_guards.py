"""What the database refuses, whoever asks: see partners/share_guards.py."""

from django.db import migrations

from partners.guards import Guards
from partners.share_guards import TRIGGERS


class Migration(migrations.Migration):
    dependencies = [("partners", "0001_initial")]

    operations = [Guards(triggers=TRIGGERS)]
