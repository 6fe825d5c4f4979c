"""What the database refuses, whoever asks: see partners/ledger/guards.py."""

from django.db import migrations

from partners.guards import Guards
from partners.ledger.guards import TRIGGERS


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [Guards(triggers=TRIGGERS)]
