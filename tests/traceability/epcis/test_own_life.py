"""The rest of a lot's life as events: made of others, labelled, recalled."""

import pytest
from django.db import connection
from django.test import Client

from partners.organisations.models import Farmer
from shop.users.models import Role, User
from tests.factories.people import new_user
from tests.factories.traceability import NOW, new_batch, new_certificate, new_lot
from tests.guards import guards_lifted
from tests.traceability.epcis.conftest import events_in
from traceability import operations as lots
from traceability.epcis import own, reading, sources
from traceability.models import Certificate, Lot

pytestmark = pytest.mark.django_db


@pytest.fixture
def zhao(assistant_zhao) -> User:
    return assistant_zhao.user


@pytest.fixture
def lot(farmer_wang: Farmer, zhao: User) -> Lot:
    return new_lot(farmer=farmer_wang, by=zhao)


@pytest.fixture
def staff(zhao: User) -> Client:
    """A browser of the county's staff, who see everything as it stands."""
    client = Client()
    client.force_login(new_user(name="周示例", role=Role.OPERATOR))
    return client


@pytest.fixture
def mixed(farmer_wang: Farmer, zhao: User) -> Lot:
    """Two lots mixed into one with a certificate and ten labels, and recalled."""
    one, other = (new_lot(farmer=farmer_wang, by=zhao) for _ in "12")
    portions = [lots.Portion(one, 10_500), lots.Portion(other, 20_000)]
    merged = lots.merge_lots(portions=portions, product_name="冰糖橙", by=zhao, at=NOW)
    certificate = new_certificate(lot=merged, by=zhao)
    new_batch(certificate=certificate, by=zhao, pack_g=100)
    lots.recall_lot(lot=merged, reason="农残超标", by=zhao, at=NOW)
    return merged


def found(client: Client, **query: str) -> list[dict]:
    answer = client.get("/epcis/events", query)
    assert answer.status_code == 200, answer.content
    assert list(reading.schema_problems(answer.json())) == []
    return events_in(answer)


class TestTold:
    def test_a_merge_is_a_transformation_with_its_quantities(
        self, mixed: Lot, anybody: Client
    ) -> None:
        (made,) = found(anybody, eventType="TransformationEvent")
        assert [one["quantity"] for one in made["inputQuantityList"]] == [10.5, 20]
        assert made["outputQuantityList"] == [
            {"epcClass": own.class_of(mixed.number), "quantity": 30.5, "uom": "KGM"}
        ]

    def test_is_found_from_both_sides(self, mixed: Lot, anybody: Client) -> None:
        parent = mixed.parents.first().parent
        for name, lot in (
            ("MATCH_inputEPCClass", parent),
            ("MATCH_outputEPCClass", mixed),
            ("MATCH_anyEPCClass", parent),
        ):
            query = {name: own.class_of(lot.number), "eventType": "TransformationEvent"}
            assert len(found(anybody, **query)) == 1
        assert found(anybody, MATCH_inputEPCClass=own.class_of(mixed.number)) == []

    def test_a_split_is_one_for_each_part(self, lot: Lot, zhao, staff) -> None:
        lots.split_lot(lot=lot, weights_g=[1_000, 2_000], by=zhao, at=NOW)
        made = found(staff, eventType="TransformationEvent")
        assert {one["outputQuantityList"][0]["quantity"] for one in made} == {1, 2}

    def test_labels_are_commissioned_by_their_number_alone(
        self, mixed: Lot, anybody: Client
    ) -> None:
        (told,) = found(anybody, EQ_bizStep="commissioning")
        assert told["quantityList"] == [
            {"epcClass": own.class_of(mixed.number), "quantity": 10}
        ]
        assert told["action"] == "ADD"
        code = mixed.batches.get().codes()[0]
        assert code not in anybody.get("/epcis/events").content.decode()

    def test_a_recall_is_told_without_its_reason(
        self, mixed: Lot, anybody: Client
    ) -> None:
        (told,) = found(anybody, EQ_disposition="recalled")
        assert told["bizStep"] == "holding"
        assert "农残超标" not in anybody.get("/epcis/events").content.decode()

    def test_each_is_found_by_its_name(self, mixed: Lot, anybody: Client) -> None:
        everything = found(anybody)
        assert len(everything) == 3
        for one in everything:
            assert found(anybody, EQ_eventID=one["eventID"]) == [one]

    def test_pages_go_through_all_kinds_once(self, mixed: Lot, anybody: Client) -> None:
        names, link = [], "/epcis/events?perPage=1"
        while link:
            answer = anybody.get(link)
            names += [one["eventID"] for one in events_in(answer)]
            said = answer.headers.get("Link", "")
            link = said.partition(">")[0].lstrip("<")
        assert len(names) == len(set(names)) == 3


class TestAlteredRows:
    def alter(self, sql: str) -> None:
        connection.check_constraints()
        with guards_lifted(connection), connection.cursor() as cursor:
            cursor.execute(sql)
            connection.check_constraints()

    def test_a_certificate_that_was_altered_makes_nothing_public(
        self, mixed: Lot, anybody: Client, staff: Client
    ) -> None:
        paper = Certificate.objects.get()
        self.alter(
            "UPDATE traceability_certificate SET quantity_g = quantity_g - 1 "
            f"WHERE id = {paper.pk}"
        )
        assert found(anybody) == []
        assert len(found(staff)) == 3

    def test_it_is_the_signature_that_is_asked(
        self, mixed: Lot, anybody: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.alter("UPDATE traceability_certificate SET quantity_g = quantity_g - 1")
        monkeypatch.setattr(
            sources.queries, "certificate_holds", lambda certificate: True
        )
        monkeypatch.setattr("traceability.epcis.queries.is_as_signed", lambda row: True)
        assert len(found(anybody)) == 3

    def test_a_batch_that_was_altered_is_not_told(
        self, mixed: Lot, anybody: Client
    ) -> None:
        self.alter("UPDATE traceability_labelbatch SET product_name = '别的'")
        assert {one["type"] for one in found(anybody)} == {
            "TransformationEvent",
            "ObjectEvent",
        }
        assert found(anybody, EQ_bizStep="commissioning") == []
