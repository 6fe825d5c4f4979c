"""What the database refuses, whoever asks: see partners/supervision/guards.py."""

from django.db import migrations

from partners.guards import Guards
from partners.supervision.guards import TRIGGERS


class Migration(migrations.Migration):
    dependencies = [("supervision", "0001_initial")]

    operations = [Guards(triggers=TRIGGERS)]
