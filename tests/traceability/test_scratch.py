"""The hidden code: it decides once, for one device, and cannot be guessed."""

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client

from partners.guards import missing_guards
from partners.limits import Limit, TooOften
from partners.models import Allowance
from partners.organisations.models import Farmer
from shop.users.models import User
from tests import races
from tests.factories.traceability import (
    NOW,
    english_client,
    new_batch,
    new_certificate,
    new_lot,
)
from tests.traceability.test_scan_pages import seen, text_of
from tests.traceability.test_signed import change
from traceability import codes, operations, queries
from traceability.guards import HIDDEN_CODES, KEY_LISTS, TRIGGERS, WATCHES
from traceability.models import Certificate, Label, LabelBatch
from traceability.operations import UnableToScratch, scratching
from traceability.scratch import is_scratch_code, scratch_code_of

pytestmark = pytest.mark.django_db
MINE, OTHER = "m" * 20, "o" * 20
WRONG = "0" * 10


@pytest.fixture
def batch(certificate: Certificate, zhao: User) -> LabelBatch:
    return new_batch(certificate=certificate, by=zhao, scratch=True)


@pytest.fixture
def label(batch: LabelBatch, zhao: User) -> Label:
    return operations.pack_label(code=batch.first_code, at=NOW, by=zhao)


def use(label: Label, **changes: Any) -> queries.Verdict:
    told = {
        "code": label.code,
        "hidden": scratch_code_of(label.number),
        "device": MINE,
        "address": "192.0.2.1",
        "at": NOW,
    }
    return operations.scratch_label(**told | changes)


def guess(label: Label, *, address: str, at: Any = NOW) -> str:
    try:
        use(label, hidden=WRONG, address=address, at=at)
    except UnableToScratch:
        return "wrong"
    except TooOften:
        return "wait"
    return "in"


class TestCode:
    def test_is_ten_characters_that_differ_from_label_to_label(self) -> None:
        made = {scratch_code_of(number) for number in range(2_000)}
        assert len(made) == 2_000
        assert {len(code) for code in made} == {10}
        assert not set("".join(made)) & set("ILOU")

    def test_is_forgiven_what_open_codes_are(self) -> None:
        code = scratch_code_of(7)
        for typed in (code.lower(), codes.grouped(code), f" {code} ".replace("1", "l")):
            assert is_scratch_code(7, typed)

    @pytest.mark.parametrize("typed", ["", "你好", "0" * 10, "A" * 4_000, "\x00", "é"])
    def test_nonsense_is_none(self, typed: str) -> None:
        assert not is_scratch_code(7, typed)

    def test_one_wrong_character_or_a_neighbours_is_none(self) -> None:
        code = scratch_code_of(7)
        for place, sign in enumerate(code):
            other = "0" if sign != "0" else "1"
            assert not is_scratch_code(7, code[:place] + other + code[place + 1 :])
        assert not is_scratch_code(8, code)

    def test_needs_the_secret(self, settings: Any) -> None:
        code = scratch_code_of(7)
        settings.LABEL_SECRET = "another"
        assert not is_scratch_code(7, code)

    def test_no_row_holds_one(self, label: Label) -> None:
        use(label)
        hidden = scratch_code_of(label.number)
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f'SELECT * FROM "{table}"')
                assert hidden not in str(cursor.fetchall())


class TestBatch:
    def test_is_signed_to_have_them(self, batch: LabelBatch) -> None:
        assert json.loads(batch.leaf.entry)["scratch"] is True

    def test_of_others_nothing_new_is_signed(
        self, certificate: Certificate, zhao: User
    ) -> None:
        plain = new_batch(certificate=certificate, by=zhao)
        assert "scratch" not in json.loads(plain.leaf.entry)
        label = operations.pack_label(code=plain.first_code, at=NOW, by=zhao)
        assert queries.judge(text=label.code, device=None, now=NOW).is_genuine

    @pytest.mark.parametrize("scratch", [True, False])
    def test_nobody_adds_or_takes_them_afterwards(
        self, certificate: Certificate, zhao: User, scratch: bool
    ) -> None:
        batch = new_batch(certificate=certificate, by=zhao, scratch=scratch)
        label = operations.pack_label(code=batch.first_code, at=NOW, by=zhao)
        change(LabelBatch.objects.filter(pk=batch.pk), scratch=not scratch)
        verdict = queries.judge(text=label.code, device=None, now=NOW)
        assert verdict.state == "altered"


class TestScratchLabel:
    def test_decides_for_the_first_device_again_and_again(self, label: Label) -> None:
        assert use(label).state == "opened"
        later = use(label, at=NOW + timedelta(days=90))
        assert (later.state, later.opened_at) == ("opened", NOW)

    def test_tells_any_other_when_it_was_used(self, label: Label) -> None:
        use(label)
        other = use(label, device=OTHER, at=NOW + timedelta(days=2))
        assert (other.state, other.opened_at) == ("suspicious", NOW)
        label.refresh_from_db()
        assert label.scratched_at == NOW

    def test_beats_being_the_first_to_look(self, label: Label) -> None:
        first = operations.count_scan(code=label.code, device=OTHER, at=NOW)
        assert first.state == "first"
        use(label)
        again = operations.count_scan(code=label.code, device=OTHER, at=NOW)
        assert again.state == "suspicious"

    def test_a_wrong_one_decides_nothing(self, label: Label) -> None:
        with pytest.raises(UnableToScratch):
            use(label, hidden=WRONG)
        label.refresh_from_db()
        assert label.scratched_at is None

    def test_keeps_no_name_of_a_device(self, label: Label) -> None:
        use(label)
        label.refresh_from_db()
        assert label.scratched_by
        assert MINE not in label.scratched_by

    def test_what_does_not_stand_keeps_its_verdict(
        self, label: Label, zhao: User
    ) -> None:
        operations.recall_lot(lot=label.lot, reason="检出超标", by=zhao, at=NOW)
        assert use(label).state == "recalled"
        label.refresh_from_db()
        assert label.scratched_at is None

    def test_is_not_there_without_being_packed(self, batch: LabelBatch) -> None:
        unpacked = batch.labels.get(pk=batch.first_number + 1)
        assert use(unpacked).state == "inactive"
        unpacked.refresh_from_db()
        assert unpacked.scratched_at is None

    def test_is_for_batches_that_have_one(
        self, certificate: Certificate, zhao: User
    ) -> None:
        plain = new_batch(certificate=certificate, by=zhao)
        label = operations.pack_label(code=plain.first_code, at=NOW, by=zhao)
        with pytest.raises(UnableToScratch):
            use(label)

    def test_a_forged_code_asks_no_database(
        self, label: Label, django_assert_num_queries: Any
    ) -> None:
        with django_assert_num_queries(0):
            assert use(label, code="0" * 20).state == "tampered"


class TestGuard:
    CHANGES = (
        {"scratched_at": None, "scratched_by": None},
        {"scratched_by": "f" * 64},
        {"scratched_at": NOW + timedelta(days=1)},
    )

    @pytest.mark.parametrize("changes", CHANGES)
    def test_the_database_never_takes_it_back(
        self, label: Label, changes: dict[str, Any]
    ) -> None:
        use(label)
        row = Label.objects.filter(pk=label.pk)
        with pytest.raises(IntegrityError), transaction.atomic():
            row.update(**changes)
        # The negative control: it is the guard that refuses.
        change(row, **changes)

    def test_nor_opens_what_is_on_no_package(self, batch: LabelBatch) -> None:
        row = Label.objects.filter(pk=batch.first_number + 1)
        with pytest.raises(IntegrityError), transaction.atomic():
            row.update(scratched_at=NOW, scratched_by="f" * 64)

    def test_stands_and_the_others_still_do(self) -> None:
        # SQLite drops a table's guards where a migration builds it anew.
        guards = (*TRIGGERS, *KEY_LISTS, *WATCHES, *HIDDEN_CODES)
        with connection.cursor() as cursor:
            assert missing_guards(cursor, connection.vendor, guards) == []


@pytest.mark.django_db(transaction=True)
class TestRace:
    MANY = 6

    def test_of_many_devices_one_opens_it(self, label: Label) -> None:
        results = races.at_once(
            *(
                partial(use, label, device=f"device-{n:013d}", address=f"192.0.2.{n}")
                for n in range(self.MANY)
            )
        )
        assert sorted(r.state for r in results) == ["opened"] + ["suspicious"] * 5

    def test_without_the_condition_all_would(self, label: Label) -> None:
        # The negative control: looking first and writing then lets everybody through.
        looked = races.meeting(self.MANY)

        def careless(number: int) -> bool:
            free = Label.objects.get(pk=label.pk).scratched_at is None
            looked.wait()
            with transaction.atomic():
                Label.objects.filter(pk=label.pk).update(
                    scratched_at=NOW, scratched_by="f" * 64
                )
            return free

        acts = (partial(careless, number) for number in range(self.MANY))
        assert races.at_once(*acts) == [True] * self.MANY

    def test_many_guesses_at_once_are_all_counted(self, label: Label) -> None:
        acts = (partial(guess, label, address="192.0.2.1") for _ in range(10))
        answers = races.at_once(*acts)
        assert sorted(answers) == ["wait"] * 5 + ["wrong"] * 5


class TestGuesses:
    @pytest.mark.once
    def test_ten_thousand_from_one_place_are_five(self, label: Label) -> None:
        answers = [guess(label, address="192.0.2.1") for _ in range(10_000)]
        assert answers == ["wrong"] * 5 + ["wait"] * 9_995
        assert Allowance.objects.count() <= 3
        label.refresh_from_db()
        assert label.scratched_at is None

    def test_without_the_limit_all_would_be_compared(
        self, label: Label, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # The negative control: it is the count that stops them.
        for name in ("OF_ADDRESS", "OF_LABEL_THERE", "OF_LABEL"):
            endless = Limit(f"none-{name}", 10**6, timedelta(hours=1))
            monkeypatch.setattr(scratching, name, endless)
        assert {guess(label, address="192.0.2.1") for _ in range(100)} == {"wrong"}

    def test_from_everywhere_the_label_slows_down(self, label: Label) -> None:
        answers = [
            guess(label, address=f"198.51.{n // 5 // 250}.{n // 5 % 250}")
            for n in range(400)
        ]
        # Fifty, and then one from each new place.
        assert answers.count("wrong") == 50 + (400 - 50) // 5
        assert answers[:50] == ["wrong"] * 50

    def test_never_shut_out_its_buyer(self, label: Label) -> None:
        for n in range(300):
            guess(label, address=f"198.51.100.{n % 250}")
        assert use(label, address="203.0.113.9").state == "opened"

    def test_a_right_one_after_the_pause_counts(self, label: Label) -> None:
        for _ in range(7):
            guess(label, address="192.0.2.1")
        with pytest.raises(TooOften) as told:
            use(label)
        assert "minute" in str(told.value) or "分钟" in str(told.value)
        assert use(label, at=NOW + timedelta(hours=1)).state == "opened"

    def test_a_right_one_costs_no_guess(self, label: Label) -> None:
        for _ in range(10):
            assert use(label).state == "opened"

    def test_at_many_labels_are_counted_by_place(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        lot = new_lot(farmer=farmer_wang, by=zhao)
        certificate = new_certificate(lot=lot, by=zhao)
        many = new_batch(certificate=certificate, by=zhao, count=20, scratch=True)
        answers = []
        for code in many.codes():
            label = operations.pack_label(code=code, at=NOW, by=zhao)
            answers += [guess(label, address="192.0.2.1") for _ in range(4)]
        assert answers == ["wrong"] * 60 + ["wait"] * 20

    def test_no_address_is_kept(self, label: Label) -> None:
        guess(label, address="192.0.2.77")
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM partners_allowance")
            assert "192.0.2.77" not in str(cursor.fetchall())


class TestPage:
    def send(self, client: Client, label: Label, hidden: str, **more: str) -> Any:
        return client.post(f"/T/{label.code}/scratch/", {"hidden": hidden, **more})

    def test_asks_only_where_there_is_one(
        self, client: Client, label: Label, certificate: Certificate, zhao: User
    ) -> None:
        assert 'name="hidden"' in client.get(f"/T/{label.code}").content.decode()
        batch = new_batch(certificate=certificate, by=zhao)
        plain = operations.pack_label(code=batch.first_code, at=NOW, by=zhao)
        assert 'name="hidden"' not in client.get(f"/T/{plain.code}").content.decode()

    def test_says_so_to_the_buyer_and_to_others(self, label: Label) -> None:
        buyer, other = english_client(), english_client()
        answer = self.send(buyer, label, scratch_code_of(label.number).lower())
        assert answer.status_code == 302
        assert answer["Location"] == f"/T/{label.code}"
        mine = text_of(buyer.get(answer["Location"]))
        assert "Genuine, opened by you" in mine
        theirs = other.get(answer["Location"])
        assert "Its buyer used the hidden code on" in text_of(theirs)
        assert 'name="hidden"' not in theirs.content.decode()

    def test_knows_the_script_s_device_afterwards(self, label: Label) -> None:
        phone = english_client()
        assert seen(phone, label.code, MINE).json()["state"] == "first"
        self.send(phone, label, scratch_code_of(label.number), device=MINE)
        assert "opened by you" in text_of(phone.get(f"/T/{label.code}"))
        assert seen(phone, label.code, MINE).json()["state"] == "opened"
        assert seen(english_client(), label.code, OTHER).json()["state"] == "suspicious"

    @pytest.mark.parametrize("hidden", ["", "   ", "x", WRONG, "你好" * 5, "A" * 400])
    def test_says_at_its_field_what_is_wrong(
        self, client: Client, label: Label, hidden: str
    ) -> None:
        answer = self.send(client, label, hidden)
        assert answer.status_code == 422
        assert 'id="id_hidden_error"' in answer.content.decode()
        assert not answer.cookies

    def test_says_when_to_try_again(self, client: Client, label: Label) -> None:
        answers = [self.send(client, label, WRONG) for _ in range(7)]
        assert [a.status_code for a in answers] == [422] * 5 + [429] * 2
        assert "Please wait" in text_of(answers[-1])

    def test_looking_is_not_scratching(self, client: Client, label: Label) -> None:
        assert client.get(f"/T/{label.code}/scratch/").status_code == 405

    def test_says_when_it_could_not_check(
        self, client: Client, label: Label, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(**facts: Any) -> None:
            raise DatabaseError("gone")

        monkeypatch.setattr("traceability.operations.scratch_label", fails)
        answer = self.send(client, label, WRONG)
        assert answer.status_code == 503
        assert "Could not check" in text_of(answer)

    def test_of_a_forged_code_leads_to_its_verdict(self, client: Client) -> None:
        answer = client.post(f"/T/{'0' * 20}/scratch/", {"hidden": WRONG})
        assert answer.status_code == 302
        assert client.get(answer["Location"]).status_code == 404
