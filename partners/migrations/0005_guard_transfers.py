"""SQLite rebuilt partners_payin in 0004 and dropped its triggers: up again."""

from dataclasses import replace

from django.db import migrations

from partners.guards import Guards, append_only


class Migration(migrations.Migration):
    dependencies = [("partners", "0004_one_transfer_once")]

    # PostgreSQL altered its table in place and still has them.
    operations = [
        Guards(
            triggers=[
                replace(trigger, postgresql="")
                for trigger in append_only("partners_payin")
            ]
        )
    ]
