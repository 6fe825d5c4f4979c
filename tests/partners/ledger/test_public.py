"""The page for everybody: what it shows, and what it never does."""

import hashlib
import html
import re
from collections.abc import Iterator, Sequence
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from partners.ledger import operations, public, queries
from partners.ledger.models import Entry
from partners.ledger.operations import Line

from .conftest import NOON, captured
from .test_verify import tamper

pytestmark = pytest.mark.django_db

MEMO = "李大山, whose illness is nobody's business"


@pytest.fixture
def accrual() -> Entry:
    lines = [
        Line("supermarket:1:share", 1000),
        Line("household:7:benefit", -600),
        Line("household:8:benefit", -400),
    ]
    return captured("accrual", kind="share_accrued", lines=lines, memo=MEMO)


@pytest.fixture
def _named_households() -> Iterator[None]:
    before = dict(public._resolvers)

    def names(ids: Sequence[str]) -> dict[str, str]:
        return {pk: f"张** · 永固村 {pk}" for pk in ids if pk != "8"}

    public.name_owners("household", names)
    yield
    public._resolvers.clear()
    public._resolvers.update(before)


def page(client: Client, entry: Entry) -> str:
    response = client.get(reverse("ledger:entry", args=[entry.pk]))
    assert response.status_code == 200
    return response.content.decode()


class TestEntryPage:
    def test_shows_both_sides_and_their_sums(
        self, client: Client, accrual: Entry
    ) -> None:
        text = page(client, accrual)
        assert "¥6.00" in text
        assert "¥4.00" in text
        assert text.count("¥10.00") >= 3  # title, head, debit, sum of credits

    @pytest.mark.usefixtures("_named_households")
    def test_names_owners_as_their_app_says(
        self, client: Client, accrual: Entry
    ) -> None:
        text = page(client, accrual)
        assert "张** · 永固村 7" in text
        assert "永固村 8" not in text

    def test_shows_the_place_in_the_chain(self, client: Client, accrual: Entry) -> None:
        operations.seal_entries(at=NOON)
        proof = queries.proof(accrual.pk)
        text = page(client, accrual)
        assert proof.seal is not None
        assert proof.seal.seal in text
        assert proof.seal.previous in text

    def test_can_be_checked_without_us(self, client: Client, accrual: Entry) -> None:
        """What a reader copies from the page leads to the seal on it."""
        captured("2")
        operations.seal_entries(at=NOON)
        text = html.unescape(page(client, accrual))
        body = re.search(r'{"kind":.*?}(?=</p>)', text)
        whole = re.search(r'{"at":.*?}(?=</p>)', text)
        chained = re.search(r"printf '([0-9a-f]+)'", text)
        assert body and whole and chained
        assert hashlib.sha256(body[0].encode()).hexdigest() in whole[0]
        assert chained[1].endswith(hashlib.sha256(whole[0].encode()).hexdigest())
        assert hashlib.sha256(bytes.fromhex(chained[1])).hexdigest() in text

    def test_never_shows_a_memo(self, client: Client, accrual: Entry) -> None:
        assert "李大山" not in html.unescape(page(client, accrual))
        assert hashlib.sha256(MEMO.encode()).hexdigest() in page(client, accrual)

    def test_leads_from_an_entry_to_its_reversal_and_back(
        self, client: Client, accrual: Entry
    ) -> None:
        back = operations.reverse(entry=accrual, key="undo", reason="late", at=NOON)
        assert reverse("ledger:entry", args=[back.pk]) in page(client, accrual)
        assert reverse("ledger:entry", args=[accrual.pk]) in page(client, back)

    def test_says_so_when_the_seal_does_not_fit(
        self, client: Client, accrual: Entry
    ) -> None:
        operations.seal_entries(at=NOON)
        assert "notice-bad" not in page(client, accrual)
        later = "at = '2026-11-23 04:00:00'"
        tamper(f"UPDATE ledger_entry SET {later}")
        assert "notice-bad" in page(client, accrual)

    @pytest.mark.parametrize("kind", ["capture", "refund", "completion"])
    def test_hides_entries_of_other_kinds(self, client: Client, kind: str) -> None:
        entry = captured("1", kind=kind)
        assert client.get(reverse("ledger:entry", args=[entry.pk])).status_code == 404

    def test_hides_the_reversal_of_a_hidden_entry(
        self, client: Client, entry: Entry
    ) -> None:
        back = operations.reverse(entry=entry, key="undo", reason="", at=NOON)
        assert client.get(reverse("ledger:entry", args=[back.pk])).status_code == 404

    def test_knows_no_other_entry(self, client: Client) -> None:
        assert client.get(reverse("ledger:entry", args=[uuid4()])).status_code == 404

    def test_sets_no_cookie_and_asks_little(
        self, client: Client, accrual: Entry
    ) -> None:
        operations.seal_entries(at=NOON)
        with CaptureQueriesContext(connection) as asked:
            response = client.get(reverse("ledger:entry", args=[accrual.pk]))
        assert not response.cookies
        assert len(asked) <= 6  # entry, lines, accounts, chain, two kinds of owners

    def test_is_only_read(self, client: Client, accrual: Entry) -> None:
        assert (
            client.post(reverse("ledger:entry", args=[accrual.pk])).status_code == 405
        )
