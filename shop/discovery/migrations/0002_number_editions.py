"""Numbers that grow take the place of random marks, so that an index can tell an older
document from a newer one."""

from django.db import migrations, models


def give_numbers(apps, schema_editor):
    """What is noted now is the first edition of its product."""
    edition = apps.get_model("discovery", "Edition")
    outdated = apps.get_model("discovery", "Outdated")
    edition.objects.bulk_create(
        [
            edition(product_id=product_id, number=1)
            for product_id in outdated.objects.values_list("pk", flat=True)
        ],
        batch_size=500,
    )


class Migration(migrations.Migration):
    dependencies = [("discovery", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Edition",
            fields=[
                (
                    "product_id",
                    models.BigIntegerField(primary_key=True, serialize=False),
                ),
                ("number", models.BigIntegerField(default=1)),
            ],
            options={
                "verbose_name": "Edition of a document",
                "verbose_name_plural": "Editions of documents",
            },
        ),
        migrations.RemoveField(model_name="outdated", name="mark"),
        migrations.AddField(
            model_name="outdated",
            name="number",
            field=models.BigIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="outdated",
            name="tries",
            field=models.PositiveIntegerField(
                default=0, verbose_name="Times refused"
            ),
        ),
        migrations.AddField(
            model_name="outdated",
            name="again_at",
            field=models.DateTimeField(null=True, verbose_name="Tried again at"),
        ),
        migrations.RunPython(give_numbers, migrations.RunPython.noop),
    ]
