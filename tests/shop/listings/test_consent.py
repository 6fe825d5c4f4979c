"""The farmer's yes and no: who may answer, once, in time, to exactly what was shown."""

from datetime import timedelta
from functools import partial

import pytest

from partners.limits import Limit
from partners.organisations.operations import move_phone
from shop.listings import receivers
from shop.listings.models import Consent, Listing
from shop.listings.operations import (
    UnableToAnswer,
    UnableToChangePrice,
    UnableToCorrect,
    UnableToSend,
    WrongCode,
    change_price,
    confirm_listing,
    consent,
    correct_draft,
    deny_listing,
    draft_listing,
    end_listing,
    send_to_farmer,
)
from shop.notices.models import TextMessage
from tests.factories.listings import (
    NOW,
    assistant,
    farmer,
    freight,
    listing_on_sale,
    village,
)
from tests.factories.people import new_phone
from tests.races import at_once, refused

SENTENCE = "王婶家冰糖橙,5斤装29块,下周三摘,有600斤"
LATER = NOW + timedelta(hours=1)


def a_draft():
    freight()
    farmer(called="王婶")
    zhao = assistant()
    return draft_listing(assistant=zhao, said=SENTENCE, at=NOW), zhao


def sent():
    draft, zhao = a_draft()
    return send_to_farmer(listing=draft, by=zhao, at=NOW), zhao


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


@pytest.mark.django_db
class TestSendToFarmer:
    def test_texts_the_farmer_a_link_and_a_code(self):
        asked, _zhao = sent()
        message = TextMessage.objects.get()
        assert message.phone == asked.consent.listing.farmer.phone
        assert f"/confirm/{asked.token}/" in message.words
        assert asked.code in message.words
        assert len(asked.token) >= 32

    def test_keeps_neither_token_nor_code(self):
        asked, _zhao = sent()
        row = Consent.objects.values().get()
        assert asked.token not in str(row)
        assert asked.code not in str(row)

    def test_the_same_digits_hash_differently_each_time(self):
        first, zhao = sent()
        second = send_to_farmer(listing=first.consent.listing, by=zhao, at=LATER)
        hashes = set(Consent.objects.values_list("code_hash", flat=True))
        assert len(hashes) == 2
        assert first.token != second.token

    @pytest.mark.parametrize(
        "lack",
        [
            {"farmer": None},
            {"title": ""},
            {"category": None},
            {"pack_g": None},
            {"price_fen": None},
            {"capacity_packs": None},
            {"freight_template": None},
        ],
    )
    def test_refuses_while_something_is_missing(self, lack):
        draft, zhao = a_draft()
        draft = correct_draft(listing=draft, by=zhao, at=NOW, **lack)
        with pytest.raises(UnableToSend):
            send_to_farmer(listing=draft, by=zhao, at=NOW)
        assert not TextMessage.objects.exists()

    def test_refuses_an_assistant_of_other_villages(self):
        draft, _zhao = a_draft()
        other = assistant(village("430722109201", "邻村"))
        with pytest.raises(UnableToSend):
            send_to_farmer(listing=draft, by=other, at=NOW)

    def test_asks_at_most_five_times_a_day(self):
        asked, zhao = sent()
        listing = asked.consent.listing
        for minute in range(1, 5):
            send_to_farmer(listing=listing, by=zhao, at=NOW + timedelta(minutes=minute))
        with pytest.raises(UnableToSend):
            send_to_farmer(listing=listing, by=zhao, at=NOW + timedelta(minutes=6))
        send_to_farmer(listing=listing, by=zhao, at=NOW + timedelta(days=1, minutes=1))

    def test_sending_again_voids_the_earlier_link(self):
        first, zhao = sent()
        second = send_to_farmer(listing=first.consent.listing, by=zhao, at=LATER)
        with pytest.raises(UnableToAnswer):
            confirm_listing(token=first.token, at=LATER)
        assert confirm_listing(token=second.token, at=LATER).status == "on_sale"


@pytest.mark.django_db
class TestConfirm:
    def test_the_link_alone_puts_it_on_sale(self):
        asked, _zhao = sent()
        listing = confirm_listing(token=asked.token, at=LATER)
        assert listing.status == Listing.Status.ON_SALE
        assert listing.agreed_at == LATER
        assert listing.product.is_public
        consent = Consent.objects.get()
        assert (consent.answer, consent.way) == ("yes", "link")

    def test_the_code_told_to_the_assistant_does_too(self):
        asked, _zhao = sent()
        listing = confirm_listing(
            listing=asked.consent.listing, code=asked.code, at=LATER
        )
        assert listing.status == Listing.Status.ON_SALE
        assert Consent.objects.get().way == "code"

    def test_a_code_given_with_the_link_must_be_right(self):
        asked, _zhao = sent()
        with pytest.raises(WrongCode):
            confirm_listing(token=asked.token, code=wrong(asked.code), at=LATER)
        confirm_listing(token=asked.token, code=asked.code, at=LATER)

    def test_neither_link_nor_code_is_no_answer(self):
        asked, _zhao = sent()
        with pytest.raises(UnableToAnswer):
            confirm_listing(listing=asked.consent.listing, at=LATER)

    @pytest.mark.parametrize("token", ["x", "A" * 32, "%00", "王"])
    def test_a_made_up_link_is_refused(self, token):
        sent()
        with pytest.raises(UnableToAnswer):
            confirm_listing(token=token, at=LATER)

    def test_five_wrong_codes_close_it_for_the_right_one(self):
        asked, _zhao = sent()
        listing = asked.consent.listing
        for _try in range(5):
            with pytest.raises(WrongCode):
                confirm_listing(listing=listing, code=wrong(asked.code), at=LATER)
        with pytest.raises(UnableToAnswer):
            confirm_listing(listing=listing, code=asked.code, at=LATER)
        listing.refresh_from_db()
        assert listing.status == Listing.Status.SENT

    def test_the_link_still_answers_after_five_wrong_codes(self):
        asked, _zhao = sent()
        for _try in range(5):
            with pytest.raises(WrongCode):
                confirm_listing(
                    listing=asked.consent.listing, code=wrong(asked.code), at=LATER
                )
        assert confirm_listing(token=asked.token, at=LATER).status == "on_sale"

    def test_wrong_codes_are_counted_for_the_farmer_over_all_requests(self):
        """Ten tries a day, however many offers somebody makes to have more."""
        last = self._guess_at_many_offers()
        with pytest.raises(UnableToAnswer):
            confirm_listing(listing=last.consent.listing, code=last.code, at=LATER)
        assert confirm_listing(token=last.token, at=LATER).status == "on_sale"

    def test_without_that_count_another_offer_is_another_five_tries(self, monkeypatch):
        monkeypatch.setattr(consent, "spend", lambda **_: None)
        last = self._guess_at_many_offers()
        sold = confirm_listing(listing=last.consent.listing, code=last.code, at=LATER)
        assert sold.status == "on_sale"

    def _guess_at_many_offers(self):
        offers = [sent()[0] for _ in range(4)]
        for asked in offers[:3]:
            for _try in range(4):
                with pytest.raises(UnableToAnswer):
                    confirm_listing(
                        listing=asked.consent.listing,
                        code=wrong(asked.code),
                        at=LATER,
                    )
        return offers[3]

    def test_a_farmer_is_not_asked_without_end(self, monkeypatch):
        few = Limit("consents", 2, timedelta(days=1))
        monkeypatch.setattr(consent, "ASKED_OF_FARMER", few)
        sent()
        sent()
        with pytest.raises(UnableToSend):
            sent()
        assert TextMessage.objects.count() == 2

    def test_right_codes_are_not_counted(self):
        for _offer in range(12):
            asked, _zhao = sent()
            confirm_listing(listing=asked.consent.listing, code=asked.code, at=LATER)

    def test_a_new_number_makes_what_went_to_the_old_one_worthless(self):
        asked, zhao = sent()
        grower = asked.consent.listing.farmer
        move_phone(farmer=grower, phone=new_phone(), at=NOW)
        with pytest.raises(UnableToAnswer):
            confirm_listing(token=asked.token, at=LATER)
        listing = Listing.objects.get()
        assert listing.status == Listing.Status.DRAFT
        again = send_to_farmer(listing=listing, by=zhao, at=LATER)
        assert TextMessage.objects.order_by("-pk")[0].phone == listing.farmer.phone
        assert confirm_listing(token=again.token, at=LATER).status == "on_sale"

    def test_the_old_number_would_say_yes_without_that(self, monkeypatch):
        asked, _zhao = sent()
        monkeypatch.setattr(
            receivers.operations, "withdraw_questions", lambda **_: None
        )
        move_phone(farmer=asked.consent.listing.farmer, phone=new_phone(), at=NOW)
        assert confirm_listing(token=asked.token, at=LATER).status == "on_sale"

    def test_an_expired_link_is_refused(self):
        asked, _zhao = sent()
        with pytest.raises(UnableToAnswer):
            confirm_listing(token=asked.token, at=asked.consent.expires_at)
        just_in_time = asked.consent.expires_at - timedelta(seconds=1)
        assert confirm_listing(token=asked.token, at=just_in_time).status == "on_sale"

    def test_counts_once(self):
        asked, _zhao = sent()
        confirm_listing(token=asked.token, at=LATER)
        with pytest.raises(UnableToAnswer):
            confirm_listing(token=asked.token, at=LATER)
        with pytest.raises(UnableToAnswer):
            deny_listing(token=asked.token, at=LATER)
        assert Listing.objects.get().status == Listing.Status.ON_SALE

    def test_what_was_edited_must_be_confirmed_again(self):
        asked, zhao = sent()
        listing = correct_draft(
            listing=asked.consent.listing, by=zhao, at=NOW, price_fen=1900
        )
        with pytest.raises(UnableToAnswer):
            confirm_listing(token=asked.token, at=LATER)
        again = send_to_farmer(listing=listing, by=zhao, at=LATER)
        with pytest.raises(UnableToAnswer):
            confirm_listing(token=asked.token, at=LATER)
        assert confirm_listing(token=again.token, at=LATER).price_fen == 1900

    @pytest.mark.parametrize("change", [{"price_fen": 1}, {"terms": "0" * 64}])
    def test_terms_changed_behind_its_back_are_refused(self, change):
        asked, _zhao = sent()
        Listing.objects.update(**change)
        with pytest.raises(UnableToAnswer):
            confirm_listing(token=asked.token, at=LATER)
        assert Consent.objects.get().answer == ""

    def test_what_is_on_sale_cannot_be_edited(self):
        asked, zhao = sent()
        listing = confirm_listing(token=asked.token, at=LATER)
        with pytest.raises(UnableToCorrect):
            correct_draft(listing=listing, by=zhao, at=LATER, price_fen=1)


@pytest.mark.django_db
class TestDeny:
    def test_never_reaches_the_market(self):
        asked, _zhao = sent()
        listing = deny_listing(token=asked.token, reason="<b>不是</b>我的", at=LATER)
        assert listing.status == Listing.Status.DENIED
        assert listing.product is None
        assert Consent.objects.get().reason == "不是我的"
        with pytest.raises(UnableToAnswer):
            confirm_listing(token=asked.token, at=LATER)

    def test_cannot_be_sent_again(self):
        asked, zhao = sent()
        listing = deny_listing(token=asked.token, at=LATER)
        with pytest.raises(UnableToSend):
            send_to_farmer(listing=listing, by=zhao, at=LATER)


@pytest.mark.django_db
class TestChangePrice:
    def test_a_higher_price_holds_at_once(self):
        listing = listing_on_sale(price_fen=2900)
        change = change_price(
            listing=listing, price_fen=3200, by=listing.assistant, at=LATER
        )
        assert change.applied
        assert listing.product.stockrecords.get().price == 32
        assert not TextMessage.objects.exists()

    def test_a_lower_price_waits_for_the_farmer(self):
        listing = listing_on_sale(price_fen=2900)
        change = change_price(
            listing=listing, price_fen=2600, by=listing.assistant, at=LATER
        )
        assert not change.applied
        assert listing.product.stockrecords.get().price == 29
        confirm_listing(token=change.asked.token, at=LATER)
        listing.refresh_from_db()
        assert (listing.price_fen, listing.agreed_price_fen) == (2600, 2600)
        assert listing.product.stockrecords.get().price == 26

    def test_a_no_keeps_the_old_price_and_the_sale(self):
        listing = listing_on_sale(price_fen=2900)
        change = change_price(
            listing=listing, price_fen=2600, by=listing.assistant, at=LATER
        )
        deny_listing(token=change.asked.token, at=LATER)
        listing.refresh_from_db()
        assert (listing.status, listing.price_fen) == ("on_sale", 2900)

    def test_a_yes_after_the_end_changes_nothing(self):
        listing = listing_on_sale(price_fen=2900)
        change = change_price(
            listing=listing, price_fen=2600, by=listing.assistant, at=LATER
        )
        end_listing(listing=listing, by=listing.assistant, at=LATER)
        with pytest.raises(UnableToAnswer):
            confirm_listing(token=change.asked.token, at=LATER)

    @pytest.mark.parametrize("price_fen", [0, -5, 10_000_001])
    def test_refuses_what_is_no_price(self, price_fen):
        listing = listing_on_sale()
        with pytest.raises(UnableToChangePrice):
            change_price(
                listing=listing, price_fen=price_fen, by=listing.assistant, at=LATER
            )


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_yes_and_no_at_once_one_wins(self):
        for _round in range(4):
            asked, _zhao = sent()
            outcomes = at_once(
                partial(confirm_listing, token=asked.token, at=LATER),
                partial(deny_listing, token=asked.token, at=LATER),
            )
            assert refused(outcomes, UnableToAnswer) == 1
            listing = Listing.objects.get(pk=asked.consent.listing_id)
            consent = Consent.objects.get(pk=asked.consent.pk)
            expected = {"yes": "on_sale", "no": "denied"}[consent.answer]
            assert listing.status == expected
            assert (listing.product is not None) == (expected == "on_sale")

    def test_many_yeses_make_one_product(self):
        asked, _zhao = sent()
        outcomes = at_once(*[partial(confirm_listing, token=asked.token, at=LATER)] * 6)
        assert refused(outcomes, UnableToAnswer) == 5
        assert Listing.objects.get().product.stockrecords.count() == 1

    def test_guesses_at_once_share_no_try(self):
        asked, _zhao = sent()
        listing = asked.consent.listing
        guess = partial(
            confirm_listing, listing=listing, code=wrong(asked.code), at=LATER
        )
        outcomes = at_once(*[guess] * 9)
        assert sum(isinstance(each, WrongCode) for each in outcomes) == 5
        assert refused(outcomes, UnableToAnswer) == 9
        assert Consent.objects.get().wrong_codes == 5

    def test_an_edit_and_a_yes_at_once_never_sell_what_was_not_agreed(self):
        for _round in range(4):
            asked, zhao = sent()
            listing = asked.consent.listing
            at_once(
                partial(confirm_listing, token=asked.token, at=LATER),
                partial(correct_draft, listing=listing, by=zhao, at=NOW, price_fen=1),
            )
            listing.refresh_from_db()
            assert (listing.status, listing.price_fen) in {
                ("on_sale", 2900),
                ("draft", 1),
            }
