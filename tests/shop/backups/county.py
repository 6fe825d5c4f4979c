"""A county that lives: posts, seals and publishes, and says what it then stands at.

python -m tests.shop.backups.county ROUND    prints facts and time as JSON
"""

import json
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
EACH = 7


def live(turn: str) -> None:
    """A round of entries, each sealed, and of log lines, all published."""
    from partners.ledger.operations import seal_entries
    from traceability.operations import publish_log

    work(turn)
    while seal_entries(at=NOON):
        pass
    publish_log(at=NOON)


def work(turn: str) -> None:
    """Entries that wait for their seal, and lines for the log's publication."""
    from django.db import transaction

    from partners.ledger.operations import Line, post
    from traceability.models import LeafKind
    from traceability.operations.log import append_leaf

    for number in range(EACH):
        order = f"{turn}-{number}"
        post(
            key=f"capture:{order}",
            kind="capture",
            subject=f"order:{order}",
            lines=[
                Line("alipay:clearing", 2900),
                Line(f"order:{order}:escrow", -2900),
            ],
            at=NOON,
        )
        with transaction.atomic():
            append_leaf(kind=LeafKind.STATUS, body={"order": order}, at=NOON)


def main(turn: str) -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    from shop.backups.facts import facts
    from shop.demo import keys

    keys.make(Path(settings.VAR))
    live(turn)
    told = asdict(facts())
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        told["at"] = cursor.fetchone()[0].isoformat()
        cursor.execute("SELECT pg_switch_wal()")
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.config.settings.local")
    main(sys.argv[1])
