"""One index less for each scan: two others begin with the label.

By hand, for SQLite would make the table anew, without its guards.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("traceability", "0013_label_prints")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "DROP INDEX IF EXISTS traceability_scan_label_id_34fb666d",
                    "CREATE INDEX traceability_scan_label_id_34fb666d"
                    " ON traceability_scan (label_id)",
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="scan",
                    name="label",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scans",
                        to="traceability.label",
                    ),
                )
            ],
        )
    ]
