"""Drafts: what was read, what is asked, who may correct it."""

from datetime import UTC, date, datetime

import pytest

from shop.listings.forms import initial_of
from shop.listings.models import Listing
from shop.listings.operations import (
    UnableToAnswer,
    UnableToCorrect,
    UnableToDraft,
    clear_drafts,
    confirm_listing,
    correct_draft,
    deny_listing,
    draft_again,
    draft_listing,
    drop_draft,
    send_to_farmer,
    take_back,
)
from tests.factories.listings import NOW, assistant, farmer, freight, village

pytestmark = pytest.mark.django_db
SENTENCE = "王婶家冰糖橙,5斤装29块,下周三摘,有600斤"


@pytest.fixture
def zhao():
    freight()
    farmer(called="王婶")
    return assistant()


class TestDraftListing:
    def test_fills_the_terms_from_the_sentence(self, zhao):
        draft = draft_listing(assistant=zhao, said=SENTENCE, at=NOW)
        assert draft.farmer.called == "王婶"
        assert (draft.title, draft.crop) == ("冰糖橙", "冰糖橙")
        assert (draft.pack_g, draft.price_fen) == (2500, 2900)
        assert draft.unit_price_fen == 580
        assert draft.harvest_on == date(2026, 12, 2)
        assert draft.capacity_packs == 120
        assert draft.category.slug == "shui-guo"
        assert draft.unread == []
        assert draft.status == Listing.Status.DRAFT

    def test_takes_today_from_the_time_in_shanghai(self, zhao):
        late = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)  # Monday, 1:00 in Shanghai
        draft = draft_listing(assistant=zhao, said="王婶家冰糖橙,今天摘", at=late)
        assert draft.harvest_on == date(2026, 11, 23)

    def test_asks_what_was_not_said(self, zhao):
        draft = draft_listing(assistant=zhao, said="王婶家冰糖橙大概600斤", at=NOW)
        assert [(one["field"], one["why"]) for one in draft.unread] == [
            ("pack", "missing"),
            ("price", "missing"),
            ("capacity", "vague"),
            ("harvest", "missing"),
        ]
        assert draft.capacity_packs is None

    def test_keeps_a_sentence_it_cannot_read_at_all(self, zhao):
        draft = draft_listing(assistant=zhao, said="喂喂", at=NOW)
        assert draft.farmer is None
        assert len(draft.unread) == 6

    @pytest.mark.parametrize("said", ["", "   ", "橙" * 201])
    def test_refuses_what_is_no_sentence(self, zhao, said):
        with pytest.raises(UnableToDraft):
            draft_listing(assistant=zhao, said=said, at=NOW)


class TestCorrectDraft:
    def test_answers_a_question(self, zhao):
        draft = draft_listing(assistant=zhao, said="王婶家冰糖橙有600斤,5斤装", at=NOW)
        assert [one["field"] for one in draft.unread] == ["price", "harvest"]
        draft = correct_draft(
            listing=draft,
            by=zhao,
            at=NOW,
            price_fen=2900,
            harvest_on=date(2026, 12, 1),
        )
        assert draft.unread == []
        assert draft.price_fen == 2900

    def test_cleans_what_is_typed(self, zhao):
        draft = draft_listing(assistant=zhao, said=SENTENCE, at=NOW)
        draft = correct_draft(
            listing=draft,
            by=zhao,
            at=NOW,
            title="<b>冰糖橙</b> <script>alert(1)</script>\u202e甜",
            description="<p onclick=x>甜</p><script>x</script><a href=//x>点</a>",
        )
        assert draft.title == "冰糖橙 甜"
        assert draft.description == "<p>甜</p>点"

    def test_makes_paragraphs_of_plain_lines(self, zhao):
        draft = draft_listing(assistant=zhao, said=SENTENCE, at=NOW)
        draft = correct_draft(
            listing=draft, by=zhao, at=NOW, description="树上熟\n\n不打蜡 & 不催熟"
        )
        assert draft.description == "<p>树上熟</p><p>不打蜡 &amp; 不催熟</p>"

    def test_refuses_a_farmer_of_other_villages(self, zhao):
        draft = draft_listing(assistant=zhao, said=SENTENCE, at=NOW)
        other = farmer(called="钱婶", home=village("430722109201", "邻村"))
        with pytest.raises(UnableToCorrect):
            correct_draft(listing=draft, by=zhao, at=NOW, farmer=other)

    @pytest.mark.parametrize(
        ("name", "value"),
        [("price_fen", -1), ("price_fen", 10_000_001), ("pack_g", 2_000_000)],
    )
    def test_refuses_numbers_out_of_bounds(self, zhao, name, value):
        draft = draft_listing(assistant=zhao, said=SENTENCE, at=NOW)
        with pytest.raises(UnableToCorrect):
            correct_draft(listing=draft, by=zhao, at=NOW, **{name: value})


class TestDropDraft:
    def test_leaves_nothing(self, zhao):
        draft = draft_listing(assistant=zhao, said=SENTENCE, at=NOW)
        drop_draft(listing=draft, by=zhao, at=NOW)
        assert not Listing.objects.exists()


class TestNumbersBeyondReason:
    @pytest.mark.parametrize(
        ("said", "field"),
        [
            ("王婶家冰糖橙5斤装29块,有999999999斤", "capacity"),
            ("王婶家冰糖橙5斤装999999999元,有600斤", "price"),
            ("王婶家鸡蛋999999999枚装29块,有10份", "pack"),
        ],
    )
    def test_are_asked_and_nothing_said_is_lost(self, zhao, said, field):
        draft = draft_listing(assistant=zhao, said=said, at=NOW)
        assert field in {one["field"] for one in draft.unread}
        assert draft.said == said


class TestTakeBack:
    def test_makes_it_a_draft_and_the_link_void(self, zhao):
        draft = draft_listing(assistant=zhao, said=SENTENCE, at=NOW)
        asked = send_to_farmer(listing=draft, by=zhao, at=NOW)
        held = take_back(listing=draft, by=zhao, at=NOW)
        assert held.status == Listing.Status.DRAFT
        with pytest.raises(UnableToAnswer):
            confirm_listing(token=asked.token, at=NOW)

    def test_comes_too_late_after_the_farmers_answer(self, zhao):
        draft = draft_listing(assistant=zhao, said=SENTENCE, at=NOW)
        asked = send_to_farmer(listing=draft, by=zhao, at=NOW)
        confirm_listing(token=asked.token, at=NOW)
        with pytest.raises(UnableToCorrect):
            take_back(listing=draft, by=zhao, at=NOW)
        draft.refresh_from_db()
        assert draft.status == Listing.Status.ON_SALE


class TestDraftAgain:
    def test_carries_over_what_was_denied_to_be_asked_anew(self, zhao):
        denied = draft_listing(assistant=zhao, said=SENTENCE, at=NOW)
        asked = send_to_farmer(listing=denied, by=zhao, at=NOW)
        deny_listing(token=asked.token, at=NOW, reason="价钱低了")
        denied.refresh_from_db()
        draft = draft_again(listing=denied, by=zhao, at=NOW)
        assert draft.pk != denied.pk
        assert (draft.title, draft.price_fen) == (denied.title, denied.price_fen)
        assert (draft.status, draft.terms, draft.agreed_terms) == ("draft", "", "")
        assert draft.unread == []
        denied.refresh_from_db()
        assert denied.status == Listing.Status.DENIED

    def test_leaves_what_still_runs_alone(self, zhao):
        draft = draft_listing(assistant=zhao, said=SENTENCE, at=NOW)
        with pytest.raises(UnableToCorrect):
            draft_again(listing=draft, by=zhao, at=NOW)
        assert Listing.objects.count() == 1


class TestATypo:
    """Whoever mistypes a name types the numbers once."""

    @pytest.mark.parametrize(
        "said",
        [
            "王婶家冰糖登,5斤装29块,下周三摘,有600斤",
            "王姐家冰糖橙,5斤装29块,下周三摘,有600斤",
            "王姐家冰糖登,5斤装29块,下周三摘,有600斤",
        ],
    )
    def test_keeps_its_numbers(self, zhao, said):
        draft = draft_listing(assistant=zhao, said=said, at=NOW)
        assert (draft.farmer is None) or not draft.title
        assert (draft.pack_g, draft.price_fen, draft.capacity_packs) == (
            2_500,
            2_900,
            120,
        )
        shown = initial_of(draft)
        assert (shown["pack"], str(shown["price"]), shown["capacity_packs"]) == (
            "5",
            "29.00",
            120,
        )


class TestClearDrafts:
    def test_throws_several_away(self, zhao):
        drafts = [draft_listing(assistant=zhao, said="蜂蜜", at=NOW) for _ in "ab"]
        kept = draft_listing(assistant=zhao, said="土鸡", at=NOW)
        assert clear_drafts(listings=drafts, by=zhao, at=NOW) == 2
        assert list(Listing.objects.all()) == [kept]

    def test_all_or_none(self, zhao):
        drafts = [draft_listing(assistant=zhao, said="蜂蜜", at=NOW) for _ in "ab"]
        Listing.objects.filter(pk=drafts[1].pk).update(status="denied")
        with pytest.raises(UnableToCorrect):
            clear_drafts(listings=drafts, by=zhao, at=NOW)
        assert Listing.objects.count() == 2
