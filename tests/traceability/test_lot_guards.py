"""What the database refuses of lots and their links, whoever asks."""

import pytest
from django.db import DatabaseError, connection, transaction

from partners.guards import missing_guards
from partners.organisations.models import Farmer
from tests.factories.traceability import NOW, new_lot
from tests.guards import guards_lifted
from traceability import operations
from traceability.guards import LOTS
from traceability.models import Lot, LotLink

pytestmark = pytest.mark.django_db
LINK = (
    "INSERT INTO traceability_lotlink (parent_id, child_id, weight_g, linked_at) "
    "VALUES ({%s}, {%s}, 1, '2026-11-19')"
)
LOT = "UPDATE traceability_lot SET %s WHERE id = {%s}"
ATTACKS = {
    "never booked out": [LINK % ("free", "late")],
    "more than was booked out": [LINK % ("parent", "late")],
    "more than its child holds": [
        LOT % ("split_g = 1", "free"),
        LINK % ("free", "part"),
    ],
    "a weight that grows": [LOT % ("weight_g = weight_g + 1", "parent")],
    "what left comes back": [LOT % ("split_g = 0", "parent")],
}


@pytest.fixture
def keys(farmer_wang: Farmer, assistant_zhao) -> dict[str, int]:
    """A parent with one part, a lot that is free, and one recorded last."""
    by = assistant_zhao.user
    parent, free = (new_lot(farmer=farmer_wang, by=by) for _ in "12")
    (part,) = operations.split_lot(lot=parent, weights_g=[1_000], by=by, at=NOW)
    late = new_lot(farmer=farmer_wang, by=by)
    made = {"parent": parent, "free": free, "part": part, "late": late}
    return {name: lot.pk for name, lot in made.items()}


def state() -> tuple:
    return (
        list(Lot.objects.order_by("pk").values_list("weight_g", "split_g")),
        LotLink.objects.count(),
    )


def attack(statements: list[str], keys: dict[str, int]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql.format(**keys))


class TestGuards:
    def test_stand(self) -> None:
        with connection.cursor() as cursor:
            assert missing_guards(cursor, connection.vendor, LOTS) == []

    @pytest.mark.parametrize("sql", ATTACKS.values(), ids=ATTACKS)
    def test_refuse(self, sql: list[str], keys: dict[str, int]) -> None:
        before = state()
        with pytest.raises(DatabaseError):
            attack(sql, keys)
        assert state() == before

    @pytest.mark.parametrize("sql", ATTACKS.values(), ids=ATTACKS)
    def test_are_what_refuses(self, sql: list[str], keys: dict[str, int]) -> None:
        before = state()
        connection.check_constraints()
        with guards_lifted(connection):
            attack(sql, keys)
            connection.check_constraints()
        assert state() != before

    def test_a_circle_is_refused_by_the_check(self, keys: dict[str, int]) -> None:
        connection.check_constraints()
        with guards_lifted(connection), pytest.raises(DatabaseError):
            attack([LINK % ("late", "parent")], keys)
