"""A parcel's events are written once: the database refuses to change them."""

from django.db import migrations

from partners.guards import Guards, append_only


class Migration(migrations.Migration):
    dependencies = [("logistics", "0001_initial")]

    operations = [Guards(triggers=append_only("logistics_parcelevent"))]
