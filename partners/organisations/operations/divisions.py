"""Bring the table of divisions up to the official list."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from django.db import connection, transaction

from partners.organisations.division_files import Row, packed, places
from partners.organisations.models import Division

BATCH = 2_000


class Loaded(NamedTuple):
    """How many divisions a load added, changed and found as they were."""

    added: int
    changed: int
    unchanged: int


def load_divisions(
    *,
    rows: Iterable[Row] | None = None,
    progress: Callable[[int], object] = lambda done: None,
) -> Loaded:
    """Bring the table of divisions up to `rows`; loading twice changes nothing.

    Without rows: all of China down to townships, and Hanshou's villages. Places that
    are not among the rows stay. `progress` hears how many rows were just done.

    Errors: UnreadableSource, naming the code, where a code is none or hangs nowhere.
    """
    if rows is None:
        rows = [*packed("divisions"), *packed("villages-430722")]
    with transaction.atomic():
        known = {
            code: rest
            for code, *rest in Division.objects.values_list(
                "code", "name", "level", "parent_id"
            )
        }
        new, changed, unchanged = [], [], 0
        for place in places(rows, known=known.keys()):
            row = Division(
                code=place.code,
                name=place.name,
                level=place.level,
                parent_id=place.parent,
            )
            if place.code not in known:
                new.append(row)
            elif known[place.code] != [place.name, place.level, place.parent]:
                changed.append(row)
            else:
                unchanged += 1
        progress(unchanged)
        for start in range(0, len(new), BATCH):
            Division.objects.bulk_create(batch := new[start : start + BATCH])
            progress(len(batch))
        Division.objects.bulk_update(changed, ["name", "level", "parent"])
        progress(len(changed))
        if new:
            _count_anew()
    return Loaded(len(new), len(changed), unchanged)


def _count_anew() -> None:
    """Let PostgreSQL know of many new rows now, not whenever it next comes by.

    Until then it may believe the table empty, and plan a join of two loops over it.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {Division._meta.db_table}")
