"""What the database refuses, whoever asks: see traceability/epcis/guards.py."""

from django.db import migrations

from partners.guards import Guards
from traceability.epcis.guards import TRIGGERS


class Migration(migrations.Migration):
    dependencies = [("epcis", "0001_initial")]

    operations = [Guards(triggers=TRIGGERS)]
