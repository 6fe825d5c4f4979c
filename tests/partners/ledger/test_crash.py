"""A process that dies in the middle loses nothing that it was told is done."""

import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from partners.ledger import operations, queries
from partners.ledger.models import Entry

from .conftest import NOON

pytestmark = pytest.mark.django_db(transaction=True)


def killed_after(acknowledged: int, turn: str) -> set[str]:
    """Keys that a posting process said were done before it was killed."""
    command = [sys.executable, "-m", "tests.partners.ledger.poster"]
    database = str(connection.settings_dict["NAME"])
    with subprocess.Popen(
        [*command, database, turn], stdout=subprocess.PIPE, cwd=settings.ROOT, text=True
    ) as poster:
        assert poster.stdout is not None
        keys = {poster.stdout.readline().strip() for _ in range(acknowledged)}
        poster.kill()
        keys |= {line.strip() for line in poster.stdout if line.endswith("\n")}
    return keys - {""}


def test_every_acknowledged_entry_is_there() -> None:
    acknowledged: set[str] = set()
    for turn, enough in (("a", 17), ("b", 38), ("c", 60)):
        acknowledged |= killed_after(enough, turn)
        found = queries.verify()
        assert found.faults == []
        keys = set(Entry.objects.values_list("key", flat=True))
        assert acknowledged <= keys
        # At most the one entry that was committed and not yet told of, a round.
        assert len(keys) <= len(acknowledged) + 3
    assert len(acknowledged) >= 115
    while operations.seal_entries(at=NOON):
        pass
    assert queries.verify().head.sequence == Entry.objects.count()
