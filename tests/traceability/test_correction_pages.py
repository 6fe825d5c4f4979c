"""Taking back and moving, as pages: told first, said twice, refused in clear words."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from partners.organisations.models import Assistant, Farmer
from shop.users.models import User
from tests.factories.traceability import NOW, new_batch, new_certificate, new_lot
from tests.traceability.test_lot_pages import logged_in, words_of
from traceability import operations, queries
from traceability.models import (
    Certificate,
    CertificateBalance,
    Counter,
    Event,
    Label,
    LabelBatch,
    Lot,
    LotLink,
    StatusEvent,
)

pytestmark = pytest.mark.django_db
YES = {"confirmed": "on"}


@pytest.fixture
def assistant(zhao: User) -> Client:
    return logged_in(zhao)


def home_of(lot: Lot) -> str:
    return f"/assistant/lots/{lot.number}/"


def state_of(label: Label) -> str:
    return queries.judge(text=label.code, device=None, now=timezone.now()).state


class TestVoid:
    def void(self, client: Client, label: Label, **changes: str) -> Any:
        facts = {"code": label.code, "reason": "撕坏了"} | changes
        return client.post(f"{home_of(label.lot)}void/", facts)

    def test_tells_first_and_does_it_at_the_second_yes(
        self, assistant: Client, label: Label, zhao: User
    ) -> None:
        told = words_of(self.void(assistant, label))
        assert "Put that package aside" in told
        assert "撕坏了" in told
        assert not label.status_events.filter(status="voided").exists()
        answer = self.void(assistant, label, **YES)
        assert answer["Location"] == home_of(label.lot)
        assert state_of(label) == "voided"
        event = label.status_events.get(status="voided")
        assert (event.reason, event.recorded_by) == ("撕坏了", zhao)
        assert "1 out of use" in words_of(assistant.get(home_of(label.lot)))

    @pytest.mark.parametrize(
        "typed", ["{}", "HTTPS://示例/T/{}", " {}/ ", "https://x.example/t/{}/"]
    )
    def test_takes_the_code_as_scanners_and_people_write_it(
        self, assistant: Client, label: Label, typed: str
    ) -> None:
        self.void(assistant, label, code=typed.format(label.code.lower()), **YES)
        assert state_of(label) == "voided"

    def test_refuses_in_words_at_the_code(
        self, assistant: Client, label: Label, farmer_wang: Farmer, zhao: User
    ) -> None:
        other = new_certificate(lot=new_lot(farmer=farmer_wang, by=zhao), by=zhao)
        foreign = new_batch(certificate=other, by=zhao).first_code
        for code in (foreign, "X" * 20, "你好"):
            for sure in ({}, YES):
                answer = self.void(assistant, label, code=code, **sure)
                assert answer.status_code == 422
                assert "No label of this lot has this code" in words_of(answer)
                assert 'aria-invalid="true"' in answer.content.decode()
        self.void(assistant, label, **YES)
        # Already at the first step: nobody agrees to what would be refused.
        assert "voided already" in words_of(self.void(assistant, label))
        assert StatusEvent.objects.filter(status="voided").count() == 1

    @pytest.mark.parametrize("lacking", ["code", "reason"])
    def test_wants_both(self, assistant: Client, label: Label, lacking: str) -> None:
        answer = self.void(assistant, label, **{lacking: " \u200b "}, **YES)
        assert answer.status_code == 422
        assert state_of(label) == "genuine"

    def test_what_was_on_no_package_can_be_labelled_anew(
        self, assistant: Client, batch: LabelBatch
    ) -> None:
        unused, packed = batch.labels.all()[:2]
        operations.pack_label(code=packed.code, by=batch.minted_by, at=NOW)
        before = CertificateBalance.objects.get().labelled_g
        assert "can get a new label" in words_of(self.void(assistant, unused))
        for label, freed in ((packed, 0), (unused, batch.pack_g)):
            self.void(assistant, label, **YES)
            assert CertificateBalance.objects.get().labelled_g == before - freed
        # Once: what is refused frees nothing.
        self.void(assistant, unused, **YES)
        assert CertificateBalance.objects.get().labelled_g == before - batch.pack_g
        with pytest.raises(operations.UnableToPack, match="voided"):
            operations.pack_label(code=unused.code, by=batch.minted_by, at=NOW)


class TestSupersede:
    def address(self, certificate: Certificate) -> str:
        return f"{home_of(certificate.lot)}certificates/{certificate.number}/replace/"

    def test_tells_first_and_frees_what_is_on_no_package(
        self, assistant: Client, label: Label
    ) -> None:
        certificate = label.batch.certificate
        address = self.address(certificate)
        told = words_of(assistant.post(address, {"reason": "重新包装"}))
        assert "595 jin of the lot can be certified again" in told
        assert "10 labels will say so" in told
        assert not certificate.status_events.exists()
        assistant.post(address, {"reason": "重新包装", **YES})
        assert state_of(label) == "superseded"
        assert Lot.objects.get(pk=label.lot.pk).certified_g == label.batch.pack_g

    def test_refuses_a_second_time_and_without_a_reason(
        self, assistant: Client, certificate: Certificate
    ) -> None:
        address = self.address(certificate)
        assert assistant.post(address, {"reason": " ", **YES}).status_code == 422
        assistant.post(address, {"reason": "重新包装", **YES})
        for sure in ({}, YES):
            answer = assistant.post(address, {"reason": "再来", **sure})
            assert "withdrawn already" in words_of(answer)
        assert certificate.status_events.count() == 1


class TestStrike:
    @pytest.fixture
    def spray(self, lot: Lot, zhao: User) -> Event:
        return operations.record_event(
            lot=lot,
            kind="spray",
            happened_at=NOW,
            substance="示例药",
            interval_days=20,
            by=zhao,
            at=NOW,
        )

    def test_tells_first_and_keeps_it_on_record(
        self, assistant: Client, spray: Event
    ) -> None:
        home = home_of(spray.lot)
        address = f"{home}events/{spray.pk}/strike/"
        told = words_of(assistant.post(address, {"reason": "记错了地块"}))
        assert "stays on record with your reason" in told
        assert "safety interval no longer holds" in told
        assert queries.standing_events(spray.lot).count() == 1
        assistant.post(address, {"reason": "记错了地块", **YES})
        assert not queries.standing_events(spray.lot).exists()
        words = words_of(assistant.get(home))
        assert "1 entry struck out" in words
        assert "记错了地块" in words
        assert assistant.get(address).status_code == 404

    def test_wants_a_reason(self, assistant: Client, spray: Event) -> None:
        address = f"{home_of(spray.lot)}events/{spray.pk}/strike/"
        assert assistant.post(address, {"reason": "", **YES}).status_code == 422
        assert queries.standing_events(spray.lot).exists()


class TestSplit:
    def split(self, client: Client, lot: Lot, *parts: str, **sure: str) -> Any:
        told = {f"part_{n}": part for n, part in enumerate(parts, 1)}
        return client.post(f"{home_of(lot)}split/", told | sure)

    def test_tells_first_and_makes_the_parts(self, assistant: Client, lot: Lot) -> None:
        told = words_of(self.split(assistant, lot, "100", "20.5"))
        for words in ("A new lot of 100 jin", "A new lot of 20.5 jin", "keeps 499.5"):
            assert words in told
        assert not LotLink.objects.exists()
        self.split(assistant, lot, "100", "", "20.5", **YES)
        links = LotLink.objects.order_by("child_id")
        assert [link.weight_g for link in links] == [50_000, 10_250]

    def test_asks_nothing_where_nothing_is_free(
        self, assistant: Client, lot: Lot
    ) -> None:
        address = f"{home_of(lot)}split/"
        assert "part_1" in assistant.get(address).content.decode()
        self.split(assistant, lot, "620", **YES)
        page = assistant.get(address).content.decode()
        assert "Nothing is left to split" in page
        assert "part_1" not in page

    @pytest.mark.parametrize(
        ("parts", "words"),
        [
            (("621",), "has only 620 jin left"),
            (("400", "300"), "has only 620 jin left"),
            (("0",), "greater than or equal"),
            (("-1",), "greater than or equal"),
            (("",), "required"),
            (("一半",), "Enter a number"),
            (("1e9999",), "less than or equal"),
        ],
    )
    def test_refuses_in_words_at_either_step(
        self, assistant: Client, lot: Lot, parts: tuple[str, ...], words: str
    ) -> None:
        for sure in ({}, YES):
            answer = self.split(assistant, lot, *parts, **sure)
            assert answer.status_code == 422
            assert words in words_of(answer)
        assert Lot.objects.count() == 1
        assert Lot.objects.get().split_g == 0

    def test_refuses_a_recalled_lot(
        self, assistant: Client, lot: Lot, operator: User
    ) -> None:
        operations.recall_lot(lot=lot, reason="示例", by=operator, at=NOW)
        assert "recalled" in words_of(self.split(assistant, lot, "1", **YES))
        assert "Split" not in words_of(assistant.get(home_of(lot)))


class TestMerge:
    @pytest.fixture
    def other(self, lot: Lot, farmer_wang: Farmer, zhao: User) -> Lot:
        return new_lot(farmer=farmer_wang, by=zhao)

    def merge(self, client: Client, *portions: tuple[Lot, str], **sure: str) -> Any:
        told = {f"lot_{lot.pk}": weight for lot, weight in portions}
        address = f"{home_of(portions[0][0])}merge/"
        return client.post(address, {"product_name": "冰糖橙混装", **told, **sure})

    def test_tells_first_and_makes_one_of_them(
        self, assistant: Client, lot: Lot, other: Lot
    ) -> None:
        told = words_of(self.merge(assistant, (lot, "100"), (other, "50")))
        assert "A new lot of 150 jin" in told
        assert "keeps 570 jin free" in told
        assert Lot.objects.count() == 2
        answer = self.merge(assistant, (lot, "100"), (other, "50"), **YES)
        merged = Lot.objects.get(parents__parent=lot)
        assert answer["Location"] == home_of(merged)
        assert (merged.weight_g, merged.product_name) == (75_000, "冰糖橙混装")

    def test_refuses_in_words_at_either_step(
        self, assistant: Client, lot: Lot, other: Lot
    ) -> None:
        for portions, words in (
            (((lot, "10"),), "at least two different lots"),
            (((lot, "10"), (other, "")), "at least two different lots"),
            (((lot, "10"), (other, "621")), "has only 620 jin left"),
        ):
            for sure in ({}, YES):
                answer = self.merge(assistant, *portions, **sure)
                assert answer.status_code == 422
                assert words in words_of(answer)
        assert Lot.objects.count() == 2

    def test_offers_only_what_fits(
        self,
        assistant: Client,
        lot: Lot,
        other: Lot,
        farmer_wang: Farmer,
        farmer_li: Farmer,
        zhao: User,
        operator: User,
    ) -> None:
        gone = new_lot(farmer=farmer_wang, by=zhao)
        operations.split_lot(lot=gone, weights_g=[gone.weight_g], by=zhao, at=NOW)
        bad = new_lot(farmer=farmer_wang, by=zhao)
        operations.recall_lot(lot=bad, reason="示例", by=operator, at=NOW)
        tea = new_lot(farmer=farmer_wang, by=zhao, crop="茶叶")
        foreign = new_lot(farmer=farmer_li, by=zhao)
        page = assistant.get(f"{home_of(lot)}merge/").content.decode()
        for fits in (lot, other):
            assert f'name="lot_{fits.pk}"' in page
        for unfit in (gone, bad, tea, foreign):
            assert f'name="lot_{unfit.pk}"' not in page
        # Nor is one taken that a browser makes up.
        answer = self.merge(assistant, (lot, "10"), (foreign, "10"), **YES)
        assert answer.status_code == 422

    def test_says_when_nothing_fits(self, assistant: Client, lot: Lot) -> None:
        page = words_of(assistant.get(f"{home_of(lot)}merge/"))
        assert "No other lot fits" in page


class TestWhoMay:
    @pytest.mark.parametrize("who", ["other_village", "auditor", "buyer"])
    def test_nobody_else_changes_anything(
        self,
        who: str,
        label: Label,
        zhao: User,
        auditor: User,
        buyer: User,
        assistant_qian: Assistant,
    ) -> None:
        people = {
            "other_village": assistant_qian.user,
            "auditor": auditor,
            "buyer": buyer,
        }
        client, home = logged_in(people[who]), home_of(label.lot)
        before = StatusEvent.objects.count()
        number = label.batch.certificate.number
        for address, facts in (
            ("void/", {"code": label.code}),
            (f"certificates/{number}/replace/", {}),
            ("split/", {"part_1": "1"}),
            ("merge/", {"product_name": "示例"}),
        ):
            facts |= {"reason": "示例", **YES}
            assert client.post(f"{home}{address}", facts).status_code == 403
        assert StatusEvent.objects.count() == before
        assert not LotLink.objects.exists()
        # The negative control: its assistant does.
        own = {"code": label.code, "reason": "示例", **YES}
        assert logged_in(zhao).post(f"{home}void/", own).status_code == 302

    def test_a_rehearsal_leaves_nothing_behind(
        self, assistant: Client, lot: Lot
    ) -> None:
        counted = list(Counter.objects.order_by("pk").values())
        answer = assistant.post(f"{home_of(lot)}split/", {"part_1": "1"})
        assert answer.status_code == 200
        # Not even a gap in the numbers.
        assert list(Counter.objects.order_by("pk").values()) == counted
        assert Lot.objects.get().split_g == 0
