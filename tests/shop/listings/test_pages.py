"""The assistant's desk and the farmer's page, as people use them."""

import io
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from shop.listings import queries
from shop.listings.models import Consent, Listing
from shop.listings.operations import draft_listing, send_to_farmer
from shop.storefront.models import ProductCard
from tests.factories.listings import (
    assistant,
    farmer,
    freight,
    listing_on_sale,
    village,
)
from tests.factories.traceability import new_lot

pytestmark = pytest.mark.django_db
SENTENCE = "王婶家冰糖橙,5斤装29块,下周三摘,有600斤"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def zhao(client):
    freight()
    farmer(called="王婶")
    serving = assistant()
    client.force_login(serving.user)
    return serving


@pytest.fixture
def other_assistant():
    return assistant(village("430722109201", "邻村"))


def a_photo(name="橙.jpg"):
    file = io.BytesIO()
    Image.new("RGB", (900, 600), "orange").save(file, "JPEG")
    file.seek(0)
    file.name = name
    return file


def filled(listing, **other):
    """What the browser sends back for this draft, changed by `other`."""
    from shop.listings.forms import initial_of

    values = {
        name: value for name, value in initial_of(listing).items() if value is not None
    }
    if not values.pop("fresh"):
        values.pop("fresh", None)
    else:
        values["fresh"] = "on"
    return {**values, **other}


class TestSay:
    def test_a_sentence_becomes_a_draft(self, client, zhao):
        response = client.post("/assistant/say/", {"said": SENTENCE})
        draft = Listing.objects.get()
        assert response.status_code == 302
        assert response.url == f"/assistant/drafts/{draft.pk}/"
        page = client.get(response.url).content.decode()
        assert '<mark class="said-price">29块</mark>' in page
        assert "¥5.80" in page

    def test_the_example_is_one_that_is_understood(self, client, zhao):
        field = client.get("/assistant/").context["form"]["said"]
        client.post(
            "/assistant/say/", {"said": field.field.widget.attrs["placeholder"]}
        )
        assert Listing.objects.get().price_fen == 2900

    def test_in_english_it_says_that_sentences_are_chinese(self, client, zhao):
        chinese = client.get("/assistant/").content.decode()
        english = client.get("/assistant/", headers={"accept-language": "en"})
        assert "Aunt Wang" not in chinese
        assert "Sentences are read in Chinese." in english.content.decode()

    def test_questions_stand_at_their_fields(self, client, zhao):
        client.post("/assistant/say/", {"said": "赵伯家脐橙大概300斤,5斤装"})
        page = client.get(f"/assistant/drafts/{Listing.objects.get().pk}/")
        text = page.content.decode()
        assert text.count('class="asked"') == 4
        assert "赵伯" in text
        assert "大概300斤" in text

    def test_what_is_too_long_stays_in_the_field(self, client, zhao):
        response = client.post("/assistant/say/", {"said": "橙" * 201})
        assert response.status_code == 422
        assert "橙" * 201 in response.content.decode()
        assert not Listing.objects.exists()

    def test_looking_at_the_address_changes_nothing(self, client, zhao):
        assert client.get("/assistant/say/").url == "/assistant/"


class TestDraft:
    def test_corrections_are_kept(self, client, zhao):
        draft = draft_listing(assistant=zhao, said=SENTENCE, at=timezone.now())
        response = client.post(
            f"/assistant/drafts/{draft.pk}/",
            filled(draft, price="31.50", title="冰糖橙 大果", pack="3", pack_unit="kg"),
        )
        assert response.status_code == 302
        draft.refresh_from_db()
        assert (draft.price_fen, draft.pack_g) == (3150, 3000)
        assert (draft.title, draft.crop) == ("冰糖橙 大果", "冰糖橙")

    def test_a_wrong_number_is_said_at_its_field_and_nothing_is_lost(
        self, client, zhao
    ):
        draft = draft_listing(assistant=zhao, said=SENTENCE, at=timezone.now())
        response = client.post(
            f"/assistant/drafts/{draft.pk}/",
            filled(draft, price="-3", description="树上熟的"),
        )
        page = response.content.decode()
        assert response.status_code == 422
        assert 'id="id_price_error"' in page
        assert "树上熟的" in page
        draft.refresh_from_db()
        assert draft.price_fen == 2900

    def test_pieces_need_their_unit(self, client, zhao):
        draft = draft_listing(assistant=zhao, said=SENTENCE, at=timezone.now())
        response = client.post(
            f"/assistant/drafts/{draft.pk}/", filled(draft, pieces="12", piece_unit="")
        )
        assert 'id="id_piece_unit_error"' in response.content.decode()

    def test_what_the_form_shows_is_what_it_takes(self, client, zhao):
        """Saving without touching anything changes no term."""
        draft = draft_listing(
            assistant=zhao,
            said="王婶家蜂蜜,一瓶350克58.5元,有40瓶",
            at=timezone.now(),
        )
        before = Listing.objects.filter(pk=draft.pk).values().get()
        client.post(f"/assistant/drafts/{draft.pk}/", filled(draft))
        after = Listing.objects.filter(pk=draft.pk).values().get()
        for name in (
            "pack_g",
            "price_fen",
            "container",
            "title",
            "crop",
            "category_id",
        ):
            assert after[name] == before[name], name

    def test_a_photo_is_kept_and_can_be_taken_away(self, client, zhao):
        draft = draft_listing(assistant=zhao, said=SENTENCE, at=timezone.now())
        address = f"/assistant/drafts/{draft.pk}/"
        client.post(address, filled(draft, photo=a_photo()))
        draft.refresh_from_db()
        (photo,) = draft.photos
        assert draft.stored_photos[0].medium.name.endswith(".webp")
        client.post(address, filled(draft, remove=photo["sha256"]))
        draft.refresh_from_db()
        assert draft.photos == []

    def test_what_is_no_photo_is_said_at_its_field(self, client, zhao):
        draft = draft_listing(assistant=zhao, said=SENTENCE, at=timezone.now())
        fake = io.BytesIO(b"<script>alert(1)</script>")
        fake.name = "x.jpg"
        response = client.post(
            f"/assistant/drafts/{draft.pk}/",
            filled(draft, photo=fake, description="还在"),
        )
        assert response.status_code == 422
        assert 'id="id_photo_error"' in response.content.decode()
        assert "还在" in response.content.decode()

    def test_sending_what_is_not_complete_asks_on(self, client, zhao):
        draft = draft_listing(assistant=zhao, said="王婶家冰糖橙", at=timezone.now())
        response = client.post(
            f"/assistant/drafts/{draft.pk}/", filled(draft, send="1"), follow=True
        )
        draft.refresh_from_db()
        assert draft.status == Listing.Status.DRAFT
        assert "notice-warn" in response.content.decode()

    def test_a_picture_too_small_to_show_is_said_at_its_field(self, client, zhao):
        draft = draft_listing(assistant=zhao, said=SENTENCE, at=timezone.now())
        dot = io.BytesIO()
        Image.new("RGB", (1, 1)).save(dot, "PNG")
        dot.seek(0)
        dot.name = "dot.png"
        response = client.post(
            f"/assistant/drafts/{draft.pk}/", filled(draft, photo=dot)
        )
        assert response.status_code == 422
        assert 'id="id_photo_error"' in response.content.decode()
        draft.refresh_from_db()
        assert draft.photos == []

    def test_dropping_leaves_nothing(self, client, zhao):
        draft = draft_listing(assistant=zhao, said=SENTENCE, at=timezone.now())
        client.post(f"/assistant/drafts/{draft.pk}/drop/")
        assert not Listing.objects.exists()


@pytest.fixture
def asked(zhao):
    draft = draft_listing(assistant=zhao, said=SENTENCE, at=timezone.now())
    return send_to_farmer(listing=draft, by=zhao, at=timezone.now())


class TestWaiting:
    def test_the_code_told_is_a_yes(self, client, asked):
        pk = asked.consent.listing_id
        page = client.get(f"/assistant/drafts/{pk}/").content.decode()
        assert asked.code not in page
        assert asked.token not in page
        full_width = "".join(chr(ord(digit) + 0xFEE0) for digit in asked.code)
        client.post(f"/assistant/drafts/{pk}/code/", {"code": f" {full_width} "})
        assert Listing.objects.get(pk=pk).status == Listing.Status.ON_SALE

    def test_a_wrong_code_is_said_at_its_field(self, client, asked):
        pk = asked.consent.listing_id
        wrong = f"{(int(asked.code) + 1) % 1_000_000:06d}"
        response = client.post(f"/assistant/drafts/{pk}/code/", {"code": wrong})
        assert response.status_code == 422
        assert 'id="id_code_error"' in response.content.decode()

    def test_changing_something_voids_what_was_sent(self, client, asked):
        listing = asked.consent.listing
        address = f"/assistant/drafts/{listing.pk}/"
        assert "notice-warn" in client.get(f"{address}?edit=1").content.decode()
        client.post(address, filled(listing, price="30"))
        assert Consent.objects.get().answer == "withdrawn"
        assert client.get(f"/confirm/{asked.token}/").status_code == 410

    def test_taken_back_it_is_a_draft_again(self, client, asked):
        pk = asked.consent.listing_id
        client.post(f"/assistant/drafts/{pk}/take-back/")
        assert Listing.objects.get(pk=pk).status == Listing.Status.DRAFT

    def test_denied_it_can_be_changed_and_asked_again(self, client, asked):
        client.post(f"/confirm/{asked.token}/", {"answer": "no"})
        denied = asked.consent.listing
        page = client.get(f"/assistant/drafts/{denied.pk}/").content.decode()
        address = f"/assistant/drafts/{denied.pk}/again/"
        assert address in page
        response = client.post(address)
        draft = Listing.objects.get(status=Listing.Status.DRAFT)
        assert response.url == f"/assistant/drafts/{draft.pk}/"


class TestAnswer:
    def test_says_what_the_grower_gets_of_the_price(self, client, asked, settings):
        settings.PLATFORM_FEE_BP = 200
        assert "¥28.42" in client.get(f"/confirm/{asked.token}/").content.decode()

    def test_opening_the_link_answers_nothing(self, client, asked):
        client.logout()
        page = client.get(f"/confirm/{asked.token}/")
        assert page.status_code == 200
        assert "¥29.00" in page.content.decode()
        client.head(f"/confirm/{asked.token}/")
        assert Listing.objects.get().status == Listing.Status.SENT

    def test_yes_puts_it_on_sale_without_a_login(self, client, asked):
        client.logout()
        response = client.post(f"/confirm/{asked.token}/", {"answer": "yes"})
        assert response.status_code == 302
        listing = Listing.objects.get()
        assert listing.status == Listing.Status.ON_SALE
        page = client.get(response.url).content.decode()
        assert f"/p/{listing.product.slug}-{listing.product_id}/" in page

    def test_no_keeps_its_reason_and_sells_nothing(self, client, asked):
        client.logout()
        client.post(f"/confirm/{asked.token}/", {"answer": "no", "reason": "价钱不对"})
        listing = Listing.objects.get()
        assert listing.status == Listing.Status.DENIED
        assert listing.product is None
        client.force_login(listing.assistant.user)
        page = client.get(f"/assistant/drafts/{listing.pk}/").content.decode()
        assert "价钱不对" in page

    def test_a_second_answer_is_told_so(self, client, asked):
        client.post(f"/confirm/{asked.token}/", {"answer": "yes"})
        response = client.post(f"/confirm/{asked.token}/", {"answer": "no"})
        assert response.status_code == 409
        assert Listing.objects.get().status == Listing.Status.ON_SALE

    @pytest.mark.parametrize("answer", ["", "maybe", "YES"])
    def test_anything_else_is_no_answer(self, client, asked, answer):
        response = client.post(f"/confirm/{asked.token}/", {"answer": answer})
        assert response.status_code == 422
        assert Listing.objects.get().status == Listing.Status.SENT

    def test_a_made_up_link_shows_nothing(self, client, asked):
        response = client.get("/confirm/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/")
        assert response.status_code == 404
        assert "冰糖橙" not in response.content.decode()

    def test_an_expired_link_shows_no_buttons(self, client, asked):
        Consent.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        response = client.get(f"/confirm/{asked.token}/")
        assert response.status_code == 410
        assert "<button" not in response.content.decode()

    def test_shows_no_phone_and_no_full_name(self, client, asked):
        grower = asked.consent.listing.farmer
        page = client.get(f"/confirm/{asked.token}/").content.decode()
        assert grower.phone not in page
        assert grower.name not in page

    def test_needs_a_token_of_our_own_page(self, asked):
        from django.test import Client

        strict = Client(enforce_csrf_checks=True)
        response = strict.post(f"/confirm/{asked.token}/", {"answer": "yes"})
        assert response.status_code == 403
        assert Listing.objects.get().status == Listing.Status.SENT


class TestReadByItsSound:
    def test_the_draft_says_it_until_it_was_seen_and_saved(self, client, zhao):
        client.post("/assistant/say/", {"said": "王审家冰塘橙,5斤装29快,下周三摘"})
        draft = Listing.objects.get()
        assert (draft.title, draft.price_fen) == ("冰糖橙", 2900)
        address = f"/assistant/drafts/{draft.pk}/"
        assert "冰塘橙→冰糖橙" in client.get(address).content.decode()
        client.post(address, filled(draft))
        assert "→" not in client.get(address).content.decode()


class TestTheSameThingTwice:
    """Who lists what the farmer offers already is told before the farmer is."""

    def drafted(self, client, said=SENTENCE):
        client.post("/assistant/say/", {"said": said})
        return Listing.objects.get(status=Listing.Status.DRAFT)

    def page(self, client, draft) -> str:
        return client.get(f"/assistant/drafts/{draft.pk}/").content.decode()

    def send(self, client, draft, how):
        client.post(f"/assistant/drafts/{draft.pk}/", filled(draft, send=how))
        draft.refresh_from_db()
        return draft.status

    def test_the_draft_says_so_and_leads_there(self, client, zhao):
        other = listing_on_sale(by=zhao)
        draft = self.drafted(client)
        page = self.page(client, draft)
        assert f'href="/assistant/drafts/{other.pk}/"' in page
        assert 'value="second"' in page

    def test_nothing_is_sent_by_who_was_not_told(self, client, zhao):
        listing_on_sale(by=zhao)
        draft = self.drafted(client)
        assert self.send(client, draft, "1") == Listing.Status.DRAFT
        assert self.send(client, draft, "second") == Listing.Status.SENT

    def test_what_waits_for_the_farmer_counts(self, client, zhao):
        draft = self.drafted(client)
        assert self.send(client, draft, "1") == Listing.Status.SENT
        assert queries.alike(self.drafted(client)) == [draft]

    @pytest.mark.parametrize(
        "other", [{"pack_g": 5_000}, {"crop": "脐橙"}, {"status": "ended"}]
    )
    def test_another_pack_or_crop_or_what_is_over_is_not_the_same(
        self, client, zhao, other
    ):
        listing = listing_on_sale(by=zhao)
        Listing.objects.filter(pk=listing.pk).update(**other)
        draft = self.drafted(client)
        assert queries.alike(draft) == []
        assert 'value="second"' not in self.page(client, draft)
        assert self.send(client, draft, "1") == Listing.Status.SENT

    def test_another_farmers_is_not_the_same(self, client, zhao):
        listing_on_sale(by=zhao, grower=farmer(called="李伯"))
        assert queries.alike(self.drafted(client)) == []


class TestSalePage:
    def test_price_stock_lot_and_end(self, client, zhao):
        listing = listing_on_sale(by=zhao)
        base = f"/assistant/listings/{listing.pk}"
        client.post(f"{base}/price/", {"price": "33"})
        client.post(f"{base}/stock/", {"packs": "44"})
        listing.refresh_from_db()
        assert listing.price_fen == 3300
        assert listing.product.stockrecords.get().num_in_stock == 44
        page = client.get(f"/assistant/drafts/{listing.pk}/").content.decode()
        assert "44" in page
        client.post(f"{base}/end/")
        listing.refresh_from_db()
        assert listing.status == Listing.Status.ENDED

    def test_a_lot_picked_early_is_linked_by_who_says_so(self, client, zhao):
        today = timezone.localdate()
        listing = listing_on_sale(by=zhao, harvest_on=today + timedelta(days=12))
        lot = new_lot(farmer=listing.farmer, by=zhao.user, harvest_date=today)
        path = f"/assistant/listings/{listing.pk}/lot/"
        page = client.get(f"/assistant/drafts/{listing.pk}/").content.decode()
        assert 'name="early"' not in page
        answer = client.post(path, {"lot": lot.pk})
        assert answer.status_code == 422
        assert 'id="id_early_error"' in answer.content.decode()
        assert client.post(path, {"lot": lot.pk, "early": "on"}).status_code == 302
        card = ProductCard.objects.get(listing=listing)
        assert card.harvest_on == today
        assert not card.is_presale(today)

    def test_errors_stand_at_their_fields(self, client, zhao):
        listing = listing_on_sale(by=zhao)
        base = f"/assistant/listings/{listing.pk}"
        for path, values, field in (
            ("price", {"price": "0"}, "price"),
            ("stock", {"packs": "-1"}, "packs"),
            ("lot", {"lot": "999"}, "lot"),
        ):
            response = client.post(f"{base}/{path}/", values)
            assert response.status_code == 422
            assert f'id="id_{field}_error"' in response.content.decode()


class TestToday:
    def test_shows_what_waits(self, client, asked):
        zhao = asked.consent.listing.assistant
        draft_listing(assistant=zhao, said="王婶家脐橙", at=timezone.now())
        page = client.get("/assistant/").content.decode()
        assert page.count('class="desk-draft') + page.count("desk-draft") >= 1
        assert "?status=sent" in page
        assert "?status=denied" not in page

    def test_shows_only_the_villages_of_the_assistant(
        self, client, asked, other_assistant
    ):
        client.force_login(other_assistant.user)
        for path in ("/assistant/", "/assistant/listings/?status=sent"):
            assert "冰糖橙,5斤装" not in client.get(path).content.decode()
            assert (
                re.search(r"/assistant/drafts/\d+/", client.get(path).content.decode())
                is None
            )

    def test_sold_without_a_lot_is_said(self, client, zhao):
        listing_on_sale(by=zhao, harvest_on=timezone.localdate())
        assert "#link" in client.get("/assistant/").content.decode()


def _addresses(pk: int) -> list[tuple[str, str]]:
    return [
        ("get", reverse("listings:today")),
        ("get", reverse("listings:overview")),
        ("post", reverse("listings:say")),
        *(
            (method, reverse(f"listings:{name}", args=[pk]))
            for method, name in (
                ("get", "draft"),
                ("post", "draft"),
                ("post", "photos"),
                ("post", "drop"),
                ("post", "take_back"),
                ("post", "again"),
                ("post", "send"),
                ("post", "code"),
                ("post", "price"),
                ("post", "stock"),
                ("post", "lot"),
                ("post", "end"),
            )
        ),
    ]


class TestPermissions:
    def test_without_a_login_everything_leads_to_it(self, client):
        listing = listing_on_sale()
        for method, address in _addresses(listing.pk):
            response = getattr(client, method)(address)
            assert response.status_code == 302, address
            assert response.url.startswith("/login/"), address

    def test_a_stranger_is_refused_everywhere(self, client, stranger):
        listing = listing_on_sale()
        client.force_login(stranger)
        for method, address in _addresses(listing.pk):
            assert getattr(client, method)(address).status_code == 403, address

    def test_another_villages_assistant_finds_no_such_listing(
        self, client, other_assistant
    ):
        listing = listing_on_sale()
        before = Listing.objects.values().get()
        client.force_login(other_assistant.user)
        for method, address in _addresses(listing.pk)[3:]:
            assert getattr(client, method)(address).status_code == 404, address
        assert Listing.objects.values().get() == before

    def test_reading_addresses_take_no_writes(self, client, zhao):
        listing = listing_on_sale(by=zhao)
        for method, address in _addresses(listing.pk)[5:]:
            assert method == "post"
            assert client.get(address).status_code == 405, address

    def test_a_draft_without_a_farmer_is_its_assistants_own(
        self, client, zhao, other_assistant
    ):
        draft = draft_listing(assistant=zhao, said="脐橙", at=timezone.now())
        assert client.get(f"/assistant/drafts/{draft.pk}/").status_code == 200
        client.force_login(other_assistant.user)
        assert client.get(f"/assistant/drafts/{draft.pk}/").status_code == 404

    def test_a_farmer_of_another_village_cannot_be_chosen(self, client, zhao):
        other = farmer(called="钱婶", home=village("430722109201", "邻村"))
        draft = draft_listing(assistant=zhao, said=SENTENCE, at=timezone.now())
        response = client.post(
            f"/assistant/drafts/{draft.pk}/", filled(draft, farmer=other.pk)
        )
        assert response.status_code == 422
        draft.refresh_from_db()
        assert draft.farmer.called == "王婶"
