"""What staff see of a recall: figures that fit the rows, and nobody's name."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shop.notices.models import TextMessage
from shop.recalls.models import Notice, Recall
from shop.recalls.report import report
from tests.shop.recalls.test_recall import bought, packed, recall

pytestmark = pytest.mark.django_db


@pytest.fixture
def found(oranges, lot, codes, packer) -> Recall:
    """A recall of two orders, one of them packed; one text sent, one given up."""
    first = bought(oranges)
    packed(first, codes, packer)
    bought(oranges, key="1" * 32)
    recall(lot, packer)
    texts = list(TextMessage.objects.filter(template="lot_recalled").order_by("pk"))
    TextMessage.objects.filter(pk=texts[0].pk).update(
        status="sent", sent_at="2026-11-20T00:00Z"
    )
    TextMessage.objects.filter(pk=texts[1].pk).update(status="dead", failure="示例")
    return Recall.objects.get()


def counts(counted) -> dict[str, int]:
    return {one.key: one.count for one in counted}


class TestReport:
    def test_counts_everything_once(self, found):
        got = report(found)
        assert counts(got.told) == {"failed": 1, "sent": 1}
        assert counts(got.money) == {"offered": 2}
        assert (got.orders, got.reached, got.missed) == (2, 1, 1)
        packages = got.packages
        assert (packages.labels, packages.unused, packages.packed) == (4, 2, 2)
        assert packages.on_packages == 2
        assert len(got.listings) == 1
        assert got.on_sale == 0
        assert len(got.stations) == 1

    def test_is_a_page_with_chips_that_filter(self, found, client, operator):
        client.force_login(operator)
        address = reverse("recalls:report", args=[found.lot.number])
        numbers = [n.order.number for n in found.notices.filter(order__isnull=False)]
        page = client.get(address).content.decode()
        assert all(number in page for number in numbers)
        failed = client.get(f"{address}?told=failed").content.decode()
        assert sum(f"orders/{number}/" in failed for number in numbers) == 1
        assert "李示例" not in page
        assert "10012345678" not in page

    def test_asks_as_much_for_many_orders_as_for_few(
        self, found, client, operator, oranges
    ):
        client.force_login(operator)
        address = reverse("recalls:report", args=[found.lot.number])
        client.get(address)
        with CaptureQueriesContext(connection) as few:
            client.get(address)
        for number in range(2, 7):
            extra = bought_late(oranges, number)
            Notice.objects.create(
                recall=found,
                order=extra,
                obstacle="no_phone",
                written_at=found.recalled_at,
            )
        with CaptureQueriesContext(connection) as many:
            client.get(address)
        assert len(many) == len(few)

    def test_as_a_table_without_names_or_whole_numbers(self, found, client, auditor):
        client.force_login(auditor)
        answer = client.get(reverse("recalls:sheet", args=[found.lot.number]))
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert len(rows) == 1 + 2 + 1
        text = answer.content.decode()
        assert "10012345678" not in text
        assert "李示例" not in text
        assert "100****5678" in text

    def test_what_failed_is_sent_again_by_one_button(self, found, client, operator):
        client.force_login(operator)
        client.post(reverse("recalls:again", args=[found.lot.number]))
        assert not TextMessage.objects.dead().exists()

    def test_a_call_counts_as_told(self, found, client, operator):
        client.force_login(operator)
        failed = found.notices.get(text__status="dead")
        client.post(reverse("recalls:reached", args=[failed.pk]))
        assert report(found).missed == 0

    def test_an_auditor_tells_nobody(self, found, client, auditor):
        client.force_login(auditor)
        failed = found.notices.get(text__status="dead")
        for address in (
            reverse("recalls:reached", args=[failed.pk]),
            reverse("recalls:again", args=[found.lot.number]),
        ):
            assert client.post(address).status_code == 403
        page = client.get(reverse("recalls:report", args=[found.lot.number]))
        assert "/reached/" not in page.content.decode()

    def test_the_list_leads_there(self, found, client, operator):
        client.force_login(operator)
        page = client.get(reverse("recalls:recalls")).content.decode()
        assert reverse("recalls:report", args=[found.lot.number]) in page


def bought_late(oranges, number: int):
    type(oranges).objects.filter(pk=oranges.pk).update(status="on_sale")
    return bought(oranges, key=str(number) * 32, packs=1)
