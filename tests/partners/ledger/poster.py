"""Posts and seals until it is killed; prints a key once its entry is committed.

python -m tests.partners.ledger.poster DATABASE_NAME ROUND
"""

import os
import sys
from itertools import count

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.config.settings.test"


def main(database: str, turn: str) -> None:
    import django

    django.setup()
    from django.db import connection

    connection.settings_dict["NAME"] = database
    from partners.ledger import operations

    from .conftest import NOON, captured

    for number in count():
        entry = captured(f"{turn}-{number}")
        sys.stdout.write(f"{entry.key}\n")
        sys.stdout.flush()
        if number % 5 == 4:
            operations.seal_entries(at=NOON)


if __name__ == "__main__":
    main(*sys.argv[1:])
