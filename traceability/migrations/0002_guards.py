"""What the database refuses, whoever asks: see traceability/guards.py."""

from django.db import migrations

from partners.guards import Guards
from traceability.guards import TRIGGERS


class Migration(migrations.Migration):
    dependencies = [("traceability", "0001_initial")]

    operations = [Guards(triggers=TRIGGERS)]
