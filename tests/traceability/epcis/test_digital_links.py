"""GS1 Digital Links: from a number on a package to its page, or to all its links."""

import json
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client
from django.urls import reverse

from partners.organisations.models import Farmer
from shop.users.models import User
from tests.factories.traceability import NOW, english_client, new_certificate, new_lot
from tests.traceability.epcis.conftest import VECTORS, events_in
from traceability import operations as lots
from traceability.epcis import operations
from traceability.epcis.models import TradeItem
from traceability.epcis.operations import UnableToRegister
from traceability.models import Label, Lot

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
GTIN = "09506000134352"
OTHER = "09506000134369"
LINKSET = "application/linkset+json"
# Its labels were made, and it was sent off.
FOUND, NOTHING = ["commissioning", "shipping"], list[str]()


@pytest.fixture
def lot(label: Label) -> Lot:
    """The lot that is in the package."""
    return label.lot


@pytest.fixture
def item(lot: Lot, operator: User) -> TradeItem:
    return operations.register_trade_item(
        gtin=GTIN, lot_number=lot.number, by=operator, at=NOW
    )


def location(answer: Any) -> str:
    assert answer.status_code == 307, answer.content
    return str(answer["Location"])


def schema(name: str) -> jsonschema_rs.Draft7Validator:
    text = (VECTORS / "gs1-linkset" / name).read_text(encoding="utf-8")
    return jsonschema_rs.Draft7Validator(json.loads(text))


class TestResolve:
    def test_leads_a_label_to_its_check(
        self, item: TradeItem, lot: Lot, label: Label, anybody: Client
    ) -> None:
        page = reverse("traceability:scan", args=[label.code])
        for path in (
            f"/01/{GTIN}/10/{lot.number}/21/{label.code}",
            f"/01/{GTIN}/21/{label.code}",
            f"/01/{GTIN.lstrip('0')}/10/{lot.number.lower()}/21/{label.code}/",
        ):
            onward = location(anybody.get(path))
            assert onward.endswith(page)
            seen = anybody.get(page).content.decode()
            assert label.batch.product_name in seen

    def test_leads_a_made_up_code_to_its_verdict(
        self, item: TradeItem, lot: Lot, anybody: Client
    ) -> None:
        """What is forged says its page, not this one."""
        path = f"/01/{GTIN}/10/{lot.number}/21/{'A' * 20}"
        onward = location(anybody.get(path))
        assert anybody.get(onward).status_code == 404

    def test_leads_a_lot_and_a_product_to_the_certificate(
        self, item: TradeItem, lot: Lot, anybody: Client
    ) -> None:
        number = lot.certificates.get().number
        for path in (f"/01/{GTIN}/10/{lot.number}", f"/01/{GTIN}"):
            assert location(anybody.get(path)).endswith(f"/certificates/{number}/")

    def test_still_tells_of_a_certificate_that_was_revoked(
        self, item: TradeItem, lot: Lot, operator: User, anybody: Client
    ) -> None:
        certificate = lot.certificates.get()
        lots.revoke_certificate(
            certificate=certificate, reason="示例", by=operator, at=NOW
        )
        onward = location(anybody.get(f"/01/{GTIN}/10/{lot.number}"))
        assert onward.endswith(f"/certificates/{certificate.number}/")

    @pytest.mark.parametrize(
        ("path", "status", "told"),
        [
            ("/01/09506000134353", 400, "check digit"),
            ("/01/09506000134353/10/LOT/21/CODE", 400, "check digit"),
            ("/01/0950600013435", 400, "check digit"),
            ("/01/12345", 400, "no GTIN"),
            ("/01/٠٩٥٠٦٠٠٠١٣٤٣٥٢", 400, "no GTIN"),
            (f"/01/{OTHER}", 404, "none of our producers"),
            (f"/01/{GTIN}/10/NOTHING", 404, "no such lot"),
            (f"/01/{GTIN}?linkType=gs1:quickStartGuide", 404, "nothing of this kind"),
        ],
    )
    def test_says_why_a_link_leads_nowhere(
        self, path: str, status: int, told: str, item: TradeItem, anybody: Client
    ) -> None:
        answer = anybody.get(path)
        assert answer.status_code == status
        assert told in answer.content.decode()

    def test_refuses_what_does_not_belong_together(
        self,
        item: TradeItem,
        label: Label,
        farmer_wang: Farmer,
        zhao: User,
        anybody: Client,
    ) -> None:
        """A real code under the number of another lot, or another product."""
        good = new_lot(farmer=farmer_wang, by=zhao)
        new_certificate(lot=good, by=zhao)
        other = new_lot(farmer=farmer_wang, by=zhao, product_name="脐橙")
        operations.register_trade_item(
            gtin=OTHER, lot_number=other.number, by=zhao, at=NOW
        )
        for path in (
            f"/01/{GTIN}/10/{good.number}/21/{label.code}",
            f"/01/{OTHER}/21/{label.code}",
        ):
            answer = anybody.get(path)
            assert answer.status_code == 404
            assert "do not belong together" in answer.content.decode()
        assert anybody.get(f"/01/{OTHER}/10/{good.number}").status_code == 404

    def test_forgets_a_number_that_was_taken_back(
        self, item: TradeItem, lot: Lot, anybody: Client
    ) -> None:
        for _again in range(2):
            operations.end_trade_item(item=item, at=NOW)
        assert anybody.get(f"/01/{GTIN}/10/{lot.number}").status_code == 404


class TestLinkset:
    @pytest.mark.parametrize("name", ["gs1-linkset-schema.json", "linkset-schema.json"])
    @pytest.mark.parametrize("what", ["product", "lot", "label"])
    def test_is_as_the_schemas_want_it(
        self,
        name: str,
        what: str,
        item: TradeItem,
        lot: Lot,
        label: Label,
        anybody: Client,
    ) -> None:
        path = {
            "product": f"/01/{GTIN}",
            "lot": f"/01/{GTIN}/10/{lot.number}",
            "label": f"/01/{GTIN}/10/{lot.number}/21/{label.code}",
        }[what]
        answer = anybody.get(path, headers={"accept": LINKSET})
        assert answer["Content-Type"] == LINKSET
        assert "json-ld#context" in answer["Link"]
        told = answer.json()
        (about,) = told["linkset"]
        if name == "linkset-schema.json":
            # RFC 9264's own knows nothing of what GS1's demands.
            assert about.pop("itemDescription") == lot.product_name
        assert [str(e) for e in schema(name).iter_errors(told)] == []
        assert about["anchor"].endswith(path)
        links = about["https://gs1.org/voc/defaultLink"]
        assert links[0]["href"] == location(anybody.get(path))
        # A control: the schema minds.
        del about["anchor"]
        assert not schema(name).is_valid(told)

    @pytest.mark.parametrize(
        ("name", "kind"),
        [("linkset-schema.json", "basic"), ("gs1-linkset-schema.json", "gs1")],
    )
    def test_the_schemas_tell_gs1s_right_examples_from_the_wrong_ones(
        self, name: str, kind: str
    ) -> None:
        folder = VECTORS / "gs1-linkset"
        for word in ("valid", "invalid"):
            text = (folder / f"{word}-{kind}-example.json").read_text(encoding="utf-8")
            assert schema(name).is_valid(json.loads(text)) is (word == "valid")

    @pytest.mark.parametrize("kind", ["linkset", "all"])
    def test_is_given_by_name_too(
        self, kind: str, item: TradeItem, lot: Lot, anybody: Client
    ) -> None:
        path = f"/01/{GTIN}/10/{lot.number}"
        wanted = anybody.get(path, headers={"accept": LINKSET}).json()
        assert anybody.get(path, {"linkType": kind}).json() == wanted
        assert f"{path}?linkType=linkset" in anybody.get(path)["Link"]

    def test_leads_to_the_events_of_the_lot(
        self, item: TradeItem, lot: Lot, zhao: User, anybody: Client
    ) -> None:
        lots.record_event(lot=lot, kind="ship", happened_at=NOW, by=zhao, at=NOW)
        onward = location(anybody.get(f"/01/{GTIN}/10/{lot.number}?linkType=gs1:epcis"))
        found = events_in(anybody.get(onward.removeprefix("http://127.0.0.1:8000")))
        assert sorted(event["bizStep"] for event in found) == FOUND
        for event in found:
            (quantity,) = event["quantityList"]
            assert quantity["epcClass"].endswith(f"/01/{GTIN}/10/{lot.number}")

    def test_describes_its_resolver(self, anybody: Client) -> None:
        told = anybody.get("/.well-known/gs1resolver").json()
        assert told["supportedPrimaryKeys"] == ["01"]
        assert told["resolverRoot"].startswith("http")
        assert told["supportedLinkType"] == [
            {"namespace": "https://gs1.org/voc/", "prefix": "gs1:"}
        ]


class TestEventsOfALotWithAGtin:
    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ("https://id.gs1.org/01/{gtin}/10/{lot}", FOUND),
            ("https://example.cn/gtin/{gtin}/lot/{lot}", FOUND),
            ("urn:epc:idpat:sgtin:9506000.013435.*", FOUND),
            ("https://id.gs1.org/01/{gtin}/10/NOTHING", NOTHING),
            ("https://id.gs1.org/01/09506000134369/10/{lot}", NOTHING),
            ("https://id.gs1.org/01/{gtin}", FOUND),
        ],
    )
    def test_are_found_by_it(
        self,
        asked: str,
        found: list[str],
        item: TradeItem,
        lot: Lot,
        zhao: User,
        anybody: Client,
    ) -> None:
        lots.record_event(lot=lot, kind="ship", happened_at=NOW, by=zhao, at=NOW)
        query = {"MATCH_epcClass": asked.format(gtin=GTIN, lot=lot.number)}
        events = events_in(anybody.get("/epcis/events", query))
        assert sorted(event["bizStep"] for event in events) == found


class TestRegisterTradeItem:
    @pytest.mark.parametrize(
        "gtin",
        [
            *("", "1", "x" * 14, "09506000134353", "9506000134353", "٠" * 14),
            *("2012345678903", "0212345678909", "12012345678900", "9912345678909"),
            *("9812345678902", "20123451", "00123457"),
        ],
    )
    def test_refuses_what_nobody_licensed(
        self, gtin: str, lot: Lot, operator: User
    ) -> None:
        with pytest.raises(UnableToRegister):
            operations.register_trade_item(
                gtin=gtin, lot_number=lot.number, by=operator, at=NOW
            )
        assert not TradeItem.objects.exists()

    @pytest.mark.parametrize(
        "gtin", ["6901234567892", "4006381333931", "96385074", " 0 950600013435 2 "]
    )
    def test_takes_what_a_licence_says(
        self, gtin: str, lot: Lot, operator: User
    ) -> None:
        item = operations.register_trade_item(
            gtin=gtin, lot_number=f" {lot.number.lower()}", by=operator, at=NOW
        )
        assert item.gtin == "".join(gtin.split()).zfill(14)
        assert item.is_of(lot)

    def test_takes_a_number_once(
        self, item: TradeItem, lot: Lot, operator: User
    ) -> None:
        with pytest.raises(UnableToRegister, match="already"):
            operations.register_trade_item(
                gtin=GTIN, lot_number=lot.number, by=operator, at=NOW
            )

    def test_wants_a_lot_that_is_there(self, operator: User) -> None:
        with pytest.raises(UnableToRegister):
            operations.register_trade_item(
                gtin=GTIN, lot_number="NOTHING", by=operator, at=NOW
            )

    def test_on_the_page_tells_what_is_wrong(self, lot: Lot, operator: User) -> None:
        client = english_client()
        client.force_login(operator)
        sent = {"gtin": "09506000134353", "lot_number": lot.number}
        answer = client.post(reverse("epcis:item_new"), sent)
        assert answer.status_code == 422
        assert "This is no GTIN" in answer.content.decode()
        sent["gtin"] = GTIN
        assert client.post(reverse("epcis:item_new"), sent).status_code == 302
        page = client.get(reverse("epcis:partners")).content.decode()
        assert GTIN in page
        item = TradeItem.objects.get()
        client.post(reverse("epcis:item_end", args=[item.pk]))
        item.refresh_from_db()
        assert item.ended_at is not None
