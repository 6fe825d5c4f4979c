"""Staff see, make, change and retire freight; what is owed already stays."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from logistics import queries
from logistics.models import FreightTemplate
from logistics.operations import (
    RegionPrice,
    UnableToChangeTemplate,
    UnableToCreateTemplate,
    change_template,
    create_template,
    retire_template,
)
from logistics.regions import codes_called, region_written
from partners.organisations.models import AuditRecord
from shop.listings import receivers
from shop.listings.models import Listing
from shop.storefront.models import ProductCard
from shop.users.models import User
from tests.factories.parcels import NOON
from tests.factories.places import load_places
from tests.logistics.test_freight import SHANGHAI
from tests.shop.ordering.test_place_order import basket_with, place

pytestmark = pytest.mark.django_db
DEARER = [RegionPrice(("",), 3_000, 2_000, 1_000, 500)]


def row(number: int, **typed: str) -> dict[str, str]:
    usual = {"first": "3", "first_yuan": "8", "more": "1", "more_yuan": "1.5"}
    return {f"rows-{number}-{name}": value for name, value in (usual | typed).items()}


def form(*rows: dict[str, str], **typed: str) -> dict[str, str]:
    sent = {"name": "鲜果", "basis": "weight", "not_delivered": ""} | typed
    sent |= {"rows-TOTAL_FORMS": str(len(rows)), "rows-INITIAL_FORMS": "0"}
    for one in rows:
        sent |= one
    return sent


@pytest.fixture
def staff(client: Client, operator: User) -> Client:
    load_places("430722", "430104")
    client.force_login(operator)
    return client


def fen(template: FreightTemplate, code: str = SHANGHAI, weight_g: int = 3_000) -> int:
    return queries.quote(
        template=template,
        division_code=code,
        weight_g=weight_g,
        pieces=1,
        goods_fen=0,
    ).fen


class TestNamesOfPlaces:
    @pytest.fixture(autouse=True)
    def _places(self, db: None) -> None:
        load_places("430722", "430104")

    @pytest.mark.parametrize(
        ("word", "codes"),
        [
            ("湖南", ["43"]),
            ("湖南省", ["43"]),
            ("长沙", ["4301"]),
            ("岳麓区", ["430104"]),
            ("湖南省长沙市岳麓区", ["430104"]),
            ("长沙市岳麓区", ["430104"]),
            ("香港", ["81"]),
            ("台湾省", ["71"]),
            ("市辖区", []),
            ("乌有乡", []),
            ("430104", ["430104"]),
            ("43", ["43"]),
            ("99", []),
            ("4399", []),
            ("430199", []),
            ("7101", []),
            ("湖", []),
        ],
    )
    def test_are_read_as_people_say_them(self, word: str, codes: list[str]) -> None:
        assert codes_called(word) == codes

    @pytest.mark.parametrize(
        "code", ["43", "4301", "430104", "430722", "71", "81", "54"]
    )
    def test_what_a_page_writes_is_read_back(self, code: str) -> None:
        assert codes_called(region_written(code)) == [code]


class TestRead:
    def test_names_places_in_the_readers_language(self, staff: Client) -> None:
        near = row(1, regions="湖南、长沙市", first_yuan="6")
        sent = form(row(0), near, not_delivered="台湾、香港")
        page = staff.post(reverse("logistics:freight_new"), sent)["Location"]
        words = staff.get(page, headers={"accept-language": "en"}).content.decode()
        assert "Nothing is sent to Taiwan, Hong Kong." in words
        assert ">Hunan, Changsha<" in words
        assert "台湾、香港" in staff.get(page).content.decode()

    def test_a_form_keeps_the_names_that_it_can_read(self, staff: Client) -> None:
        near = row(1, regions="湖南", first_yuan="6")
        staff.post(
            reverse("logistics:freight_new"), form(row(0), near, not_delivered="香港")
        )
        change = reverse(
            "logistics:freight_change", args=[FreightTemplate.objects.get().pk]
        )
        words = staff.get(change, headers={"accept-language": "en"}).content.decode()
        assert 'value="湖南"' in words and 'value="香港"' in words


class TestMake:
    def test_from_names_kilograms_and_yuan(self, staff: Client) -> None:
        prices = (
            row(0),
            row(1, regions="湖南、长沙市", first_yuan="6", free_from_yuan="99"),
        )
        sent = form(*prices, not_delivered="台湾、香港")
        made = staff.post(reverse("logistics:freight_new"), sent)
        template = FreightTemplate.objects.get()
        assert made["Location"] == reverse(
            "logistics:freight_template", args=[template.pk]
        )
        assert fen(template) == 800
        assert fen(template, weight_g=3_001) == 950
        assert fen(template, "430104000000") == 600
        assert queries.not_delivered_to(template) == ["台湾", "香港"]
        assert AuditRecord.objects.get(act="create_freight").actor is not None

    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            (form(), "Deliver to one region at least."),
            (form(row(0, regions="乌有乡")), "We know no place called 乌有乡."),
            (form(row(0), row(1)), "Name every region once."),
            (form(row(0, first="0")), "Enter a number above zero."),
            (form(row(0, first="")), "This field is required."),
            (form(row(0, first="1.5"), basis="piece"), "Enter whole pieces."),
            (form(row(0), not_delivered="湖"), "We know no place called 湖."),
            (form(row(0), name=""), "This field is required."),
        ],
    )
    def test_says_what_is_wrong_and_keeps_what_was_typed(
        self, staff: Client, sent: dict[str, str], said: str
    ) -> None:
        with translation.override("en"):
            page = staff.post(
                reverse("logistics:freight_new"),
                sent,
                headers={"accept-language": "en"},
            )
        assert page.status_code == 422
        assert said in page.content.decode()
        if "rows-0-more_yuan" in sent:
            assert 'value="1.5"' in page.content.decode()
        assert not FreightTemplate.objects.exists()

    def test_can_be_tried_without_saving(self, staff: Client) -> None:
        sent = form(row(0)) | {"try": "1", "ask-amount": "5", "ask-to": "湖南"}
        page = staff.post(
            reverse("logistics:freight_new"), sent, headers={"accept-language": "en"}
        )
        assert "5 kg to Hunan: ¥11" in page.content.decode()
        assert not FreightTemplate.objects.exists()


class TestLook:
    def test_answers_what_so_much_to_there_would_cost(
        self, staff: Client, freight: FreightTemplate
    ) -> None:
        url = reverse("logistics:freight_template", args=[freight.pk])

        def asked(query: str) -> str:
            page = staff.get(url + query, headers={"accept-language": "en"})
            assert page.status_code == 200
            return page.content.decode()

        assert "4 kg to Hunan: ¥8" in asked("?amount=4&to=湖南")
        assert "4 kg to Hunan: free" in asked("?amount=4&to=湖南&goods_yuan=99")
        assert "We know no place called 乌有乡." in asked("?amount=4&to=乌有乡")
        assert "Name one place." in asked("?amount=4&to=")
        assert " kg to Hunan" not in asked("?amount=-4&to=湖南")


class TestChange:
    def test_what_is_on_sale_follows_and_what_was_ordered_does_not(
        self, staff: Client, oranges: Listing, freight: FreightTemplate
    ) -> None:
        order = place(basket_with((oranges, 1)), at=NOON)
        before = order.purchase.freight_fen, order.purchase.total_fen
        card = ProductCard.objects.get(pk=oranges.product_id)
        assert card.freight["43"][0] == 600
        url = reverse("logistics:freight_change", args=[freight.pk])
        staff.post(url, form(row(0, first_yuan="20"), name=freight.name))
        new = FreightTemplate.objects.in_force().get()
        assert new.replaces == freight
        oranges.refresh_from_db()
        card.refresh_from_db()
        assert oranges.freight_template == new
        assert oranges.status == Listing.Status.ON_SALE
        assert card.freight["43"][0] == 2_000
        order.purchase.refresh_from_db()
        assert (order.purchase.freight_fen, order.purchase.total_fen) == before
        assert order.sub_orders.get().freight_fen == before[0]
        assert fen(freight, "430104000000") == 600

    def test_nothing_on_sale_would_follow_without_the_receiver(
        self, oranges: Listing, freight: FreightTemplate, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(receivers.operations, "follow_freight", lambda **_: 0)
        change(freight)
        oranges.refresh_from_db()
        assert oranges.freight_template == freight

    def test_the_page_holds_what_is_said_now_and_the_same_again_changes_nothing(
        self, staff: Client, freight: FreightTemplate
    ) -> None:
        url = reverse("logistics:freight_change", args=[freight.pk])
        page = staff.get(url)
        sent = {"name": freight.name, "basis": "weight"}
        sent |= {"not_delivered": page.context["form"]["not_delivered"].value()}
        rows = page.context["rows"]
        sent |= {"rows-TOTAL_FORMS": len(rows.forms), "rows-INITIAL_FORMS": 2}
        for one in rows:
            sent |= {field.html_name: field.value() or "" for field in one}
        assert staff.post(url, sent).status_code == 302
        assert FreightTemplate.objects.get() == freight

    def test_an_emptied_row_is_taken_away(
        self, staff: Client, freight: FreightTemplate
    ) -> None:
        url = reverse("logistics:freight_change", args=[freight.pk])
        empty = dict.fromkeys(row(1), "")
        staff.post(url, form(row(0), empty, name=freight.name))
        assert FreightTemplate.objects.in_force().get().rules.count() == 1

    def test_two_people_at_once_change_it_once(self, freight: FreightTemplate) -> None:
        change(freight)
        with pytest.raises(UnableToChangeTemplate):
            change(freight)
        assert FreightTemplate.objects.in_force().count() == 1

    def test_another_ones_name_is_refused(self, freight: FreightTemplate) -> None:
        other = create_template(name="冷链", basis="weight", prices=DEARER, at=NOON)
        with pytest.raises(UnableToCreateTemplate, match="冷链"):
            change(freight, name=other.name)
        freight.refresh_from_db()
        assert freight.retired_at is None


def change(template: FreightTemplate, name: str = "") -> FreightTemplate:
    return change_template(
        template=template,
        name=name or template.name,
        basis="weight",
        prices=DEARER,
        by=None,
        at=NOON,
    )


class TestRetire:
    def test_nothing_new_is_listed_with_it(
        self, staff: Client, oranges: Listing, freight: FreightTemplate
    ) -> None:
        create_template(name="冷链", basis="weight", prices=DEARER, at=NOON)
        staff.post(reverse("logistics:freight_retire", args=[freight.pk]))
        assert [one.name for one in FreightTemplate.objects.in_force()] == ["冷链"]
        oranges.refresh_from_db()
        assert oranges.freight_template == freight
        assert place(basket_with((oranges, 1)), at=NOON).purchase.freight_fen == 600

    def test_the_last_one_stays(self, staff: Client, freight: FreightTemplate) -> None:
        url = reverse("logistics:freight_retire", args=[freight.pk])
        page = staff.post(url, follow=True, headers={"accept-language": "en"})
        assert "nothing can be listed" in page.content.decode()
        freight.refresh_from_db()
        assert freight.retired_at is None

    def test_its_name_is_free_again(self, freight: FreightTemplate) -> None:
        create_template(name="冷链", basis="weight", prices=DEARER, at=NOON)
        retire_template(template=freight, by=None, at=NOON)
        again = create_template(
            name=freight.name, basis="weight", prices=DEARER, at=NOON
        )
        assert again != freight
