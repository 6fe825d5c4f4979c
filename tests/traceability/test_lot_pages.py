"""The assistant's lots, from the plot to the printed sheet; and nobody else's."""

import io
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from partners.organisations.models import Assistant, Farmer
from shop.users.models import User
from tests.factories.traceability import (
    NOW,
    english_client,
    new_batch,
    new_certificate,
    new_lot,
    new_plot,
)
from tests.traceability.test_events import PDF
from tests.traceability.test_sheets import decoded
from traceability import operations
from traceability.models import Certificate, Event, LabelBatch, Lot, Plot
from traceability.printing import label_address

pytestmark = pytest.mark.django_db


def logged_in(user: User) -> Client:
    client = english_client()
    client.force_login(user)
    return client


@pytest.fixture
def assistant(zhao: User) -> Client:
    return logged_in(zhao)


def words_of(response: Any) -> str:
    return re.sub(r"<[^>]+>", " ", response.content.decode())


class TestWholeWay:
    def test_from_the_plot_to_a_sheet_that_decodes(
        self, assistant: Client, farmer_wang: Farmer
    ) -> None:
        assert "Register a plot" in words_of(assistant.get("/assistant/lots/new/"))
        answer = assistant.post(
            "/assistant/lots/plots/new/",
            {
                "farmer": farmer_wang.pk,
                "name": "王家坡2号地",
                "crop": "柑橘",
                "area_mu": "3.5",
            },
        )
        plot = Plot.objects.get()
        assert answer["Location"] == f"/assistant/lots/new/?plot={plot.pk}"
        assert (
            f'value="{plot.pk}" selected'
            in assistant.get(answer["Location"]).content.decode()
        )
        answer = assistant.post(
            "/assistant/lots/new/",
            {
                "plot": plot.pk,
                "product_name": "冰糖橙",
                "harvest_date": "2026-11-18",
                "weight_g": "620",
            },
        )
        lot = Lot.objects.get()
        assert (lot.weight_g, lot.farmer) == (310_000, farmer_wang)
        home = answer["Location"]
        assert home == f"/assistant/lots/{lot.number}/"
        answer = assistant.post(
            f"{home}event/",
            {"kind": "harvest", "happened_at": "2026-11-18T08:00", "weight_g": "620"},
        )
        assert answer["Location"] == home
        answer = assistant.post(
            f"{home}evidence/",
            {
                "kind": "test_report",
                "title": "农残检测",
                "result": "未检出",
                "file": io.BytesIO(PDF),
            },
        )
        assert answer["Location"] == home
        answer = assistant.post(
            f"{home}certificate/",
            {
                "quantity_g": "600",
                "basis": ["quality_control", "commissioned_test"],
                "promisor": "王示例",
                "contact": "10000000009",
            },
        )
        assert answer["Location"] == home
        certificate = Certificate.objects.get()
        answer = assistant.post(
            f"{home}certificates/{certificate.number}/labels/",
            {"product_name": "冰糖橙 5斤装", "pack_g": "5", "count": "12"},
        )
        batch = LabelBatch.objects.get()
        assert answer["Location"] == f"{home}labels/{batch.number}/print/"
        page = words_of(assistant.get(home))
        for fact in ("Harvested 620 jin", "农残检测", certificate.number, "12 labels"):
            assert fact in page
        facts = {"paper": "50x30", "first": "1", "last": "12", "first_place": "1"}
        facts |= {"right": "0", "down": "0"}
        answer = assistant.post(f"{home}labels/{batch.number}/print/", facts)
        sheet = assistant.get(f"{answer['Location']}1.pdf")
        assert sheet["Content-Type"] == "application/pdf"
        found = decoded(b"".join(sheet.streaming_content), dpi=203.2)
        assert sorted(found) == sorted(label_address(c) for c in batch.codes())

    def test_shows_a_refusal_at_the_form(self, assistant: Client, lot: Lot) -> None:
        home = f"/assistant/lots/{lot.number}/"
        answer = assistant.post(
            f"{home}certificate/",
            {
                "quantity_g": "621",
                "basis": ["quality_control"],
                "promisor": "王示例",
                "contact": "1",
            },
        )
        assert answer.status_code == 200
        assert "Only 620 jin of this lot are left to certify." in words_of(answer)
        assert 'value="621"' in answer.content.decode()

    @pytest.mark.parametrize("weight", ["", "-1", "0", "abc", "1e99", "0.0011", "NaN"])
    def test_refuses_weights_that_are_none(
        self, assistant: Client, lot: Lot, weight: str
    ) -> None:
        answer = assistant.post(
            f"/assistant/lots/{lot.number}/certificate/",
            {"quantity_g": weight, "basis": ["quality_control"]},
        )
        assert answer.status_code == 200
        assert not Certificate.objects.exists()

    def test_calls_no_choice_optional_that_is_made_already(
        self, assistant: Client, lot: Lot
    ) -> None:
        home = f"/assistant/lots/{lot.number}/"
        page = " ".join(words_of(assistant.get(f"{home}certificate/")).split())
        assert "Whose certificate optional" not in page
        assert "Unified social credit code optional" in page
        event = " ".join(words_of(assistant.get(f"{home}event/")).split())
        assert "What was sprayed optional" not in event

    def test_needs_no_report_to_be_offered(self, assistant: Client, lot: Lot) -> None:
        assert not lot.evidence.exists()
        page = assistant.get(f"/assistant/lots/{lot.number}/").content.decode()
        assert f"/assistant/lots/{lot.number}/certificate/" in page

    def test_shows_the_newest_labels_first(
        self, assistant: Client, certificate: Certificate, zhao: User
    ) -> None:
        batches = [new_batch(certificate=certificate, by=zhao) for _n in range(3)]
        page = assistant.get(f"/assistant/lots/{certificate.lot.number}/")
        sheets = re.findall(r"labels/(B\d+-\d+)/print/", page.content.decode())
        assert sheets == [batch.number for batch in reversed(batches)]

    def test_prints_the_certificate_with_names_for_its_assistant(
        self, assistant: Client, certificate: Certificate
    ) -> None:
        address = (
            f"/assistant/lots/{certificate.lot.number}"
            f"/certificates/{certificate.number}/paper.pdf"
        )
        response = assistant.get(address)
        assert response["Content-Type"] == "application/pdf"
        assert "no-store" in response["Cache-Control"]


class TestList:
    def test_shows_the_lots_of_my_villages_page_by_page(
        self, assistant: Client, farmer_wang: Farmer, farmer_li: Farmer, zhao: User
    ) -> None:
        plot = new_plot(farmer=farmer_wang, by=zhao)
        for _number in range(23):
            new_lot(farmer=farmer_wang, by=zhao, plot=plot)
        foreign = new_lot(farmer=farmer_li, by=zhao)
        first = words_of(assistant.get("/assistant/lots/"))
        assert "L2026-000023" in first
        assert "L2026-000003" not in first
        assert foreign.number not in first
        more = assistant.get("/assistant/lots/")
        link = re.search(
            r'href="(/assistant/lots/\?part=all&amp;before=\d+)"', more.content.decode()
        )
        assert link is not None
        second = words_of(assistant.get(unescape(link[1])))
        assert "L2026-000003" in second
        assert "L2026-000023" not in second

    def test_leads_straight_to_the_labels_that_lack(
        self, assistant: Client, lot: Lot, zhao: User, auditor: User
    ) -> None:
        listed, lacking = "/assistant/lots/", "/assistant/lots/?part=unlabelled"
        make = f"/assistant/lots/{lot.number}/certificates/HS-2026-000001/labels/"
        # Without a certificate there is nothing to put on a label.
        assert "/labels/" not in assistant.get(listed).content.decode()
        assert "Every certified lot has labels" in words_of(assistant.get(lacking))
        certificate = new_certificate(lot=lot, by=zhao)
        for address in (listed, lacking):
            assert f'href="{make}"' in assistant.get(address).content.decode()
        # Who only looks is offered nothing to make.
        assert "/labels/" not in logged_in(auditor).get(listed).content.decode()
        new_batch(certificate=certificate, by=zhao)
        for address in (listed, lacking):
            assert "/labels/" not in assistant.get(address).content.decode()
        assert lot.number not in words_of(assistant.get(lacking))

    @pytest.mark.parametrize("ended", ["replaced", "recalled"])
    def test_offers_no_labels_where_none_can_be_made(
        self, assistant: Client, lot: Lot, zhao: User, ended: str
    ) -> None:
        certificate = new_certificate(lot=lot, by=zhao)
        facts: dict[str, Any] = {"reason": "示例", "by": zhao, "at": NOW}
        if ended == "replaced":
            operations.supersede_certificate(certificate=certificate, **facts)
        else:
            operations.recall_lot(lot=lot, **facts)
        assert "/labels/" not in assistant.get("/assistant/lots/").content.decode()

    def test_shows_operators_all(
        self, operator: User, farmer_li: Farmer, zhao: User
    ) -> None:
        foreign = new_lot(farmer=farmer_li, by=zhao)
        assert foreign.number in words_of(logged_in(operator).get("/assistant/lots/"))

    @pytest.mark.parametrize("before", ["x", "-1", "9" * 40])
    def test_takes_no_nonsense_for_a_page(self, assistant: Client, before: str) -> None:
        answer = assistant.get(f"/assistant/lots/?before={before}")
        assert answer.status_code == 200


class TestPermissions:
    @pytest.fixture
    def addresses(self, lot: Lot, zhao: User) -> list[str]:
        """Every page about a lot of 永固村."""
        certificate = new_certificate(lot=lot, by=zhao)
        batch = new_batch(certificate=certificate, by=zhao)
        event = Event.objects.create(
            lot=lot,
            kind="sow",
            happened_at=lot.recorded_at,
            recorded_at=lot.recorded_at,
            recorded_by=zhao,
        )
        home = f"/assistant/lots/{lot.number}/"
        return [
            home,
            f"{home}event/",
            f"{home}events/{event.pk}/strike/",
            f"{home}evidence/",
            f"{home}certificate/",
            f"{home}split/",
            f"{home}merge/",
            f"{home}void/",
            f"{home}certificates/{certificate.number}/replace/",
            f"{home}certificates/{certificate.number}/labels/",
            f"{home}certificates/{certificate.number}/paper.pdf",
            f"{home}labels/{batch.number}/print/",
        ]

    def test_their_assistant_sees_all_of_them(
        self, addresses: list[str], assistant: Client
    ) -> None:
        # The negative control of the tests below.
        assert [assistant.get(a).status_code for a in addresses] == [200] * 12

    def test_strangers_and_other_villages_assistants_see_none(
        self,
        addresses: list[str],
        stranger: User,
        buyer: User,
        assistant_qian: Assistant,
    ) -> None:
        for user in (stranger, buyer, assistant_qian.user):
            client = logged_in(user)
            for address in addresses:
                assert client.get(address).status_code in {403, 404}, address
                assert client.post(address, {}).status_code in {403, 404, 405}, address

    def test_whoever_is_not_logged_in_is_sent_to_the_login(
        self, addresses: list[str], client: Client
    ) -> None:
        for address in (*addresses, "/assistant/lots/", "/assistant/lots/new/"):
            answer = client.get(address)
            assert answer.status_code == 302
            assert answer["Location"].startswith("/login/")

    def test_auditors_look_and_change_nothing(
        self, addresses: list[str], auditor: User
    ) -> None:
        client = logged_in(auditor)
        home, *others = addresses
        assert client.get(home).status_code == 200
        assert ".pdf" not in client.get(home).content.decode()
        for address in others:
            assert client.get(address).status_code == 403, address

    def test_strangers_have_no_lots_page(self, stranger: User) -> None:
        client = logged_in(stranger)
        for name in ("", "new/", "plots/new/"):
            assert client.get(f"/assistant/lots/{name}").status_code == 403

    def test_nobody_records_on_a_foreign_plot(
        self, assistant: Client, farmer_li: Farmer, assistant_qian: Assistant
    ) -> None:
        foreign = new_plot(farmer=farmer_li, by=assistant_qian.user)
        answer = assistant.post(
            "/assistant/lots/new/",
            {
                "plot": foreign.pk,
                "product_name": "冰糖橙",
                "harvest_date": "2026-11-18",
                "weight_g": "10",
            },
        )
        assert answer.status_code == 200
        assert not Lot.objects.exists()
        answer = assistant.post(
            "/assistant/lots/plots/new/",
            {
                "farmer": farmer_li.pk,
                "name": "别人的地",
                "crop": "柑橘",
                "area_mu": "1",
            },
        )
        assert answer.status_code == 200
        assert Plot.objects.count() == 1


def test_what_was_left_out_before_the_certificate_is_no_duty(
    assistant: Client, farmer_wang: Farmer, zhao: User
) -> None:
    lot = new_lot(farmer=farmer_wang, by=zhao)

    def states() -> list[str]:
        page = assistant.get(f"/assistant/lots/{lot.number}/")
        return [step["state"] for step in page.context["steps"]]

    assert states() == ["now", "", "", ""]
    certificate = new_certificate(lot=lot, by=zhao)
    assert states() == ["", "", "done", "now"]
    new_batch(certificate=certificate, by=zhao)
    assert states() == ["", "", "done", "done"]
