"""The county's first page: what the ledger's last check found."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from partners.ledger import operations
from partners.ledger.operations import Line
from shop.backoffice import queries
from shop.users.models import User
from tests.partners.ledger.test_verify import tamper
from traceability.operations import conclude_report, report_fake

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@pytest.fixture
def page(client: Client, operator: User) -> Client:
    client.force_login(operator)
    return client


def text(page: Client) -> str:
    return page.get(reverse("backoffice:today")).content.decode()


def post_something() -> None:
    operations.post(
        key="capture",
        kind="capture",
        subject="order:1",
        lines=[Line("alipay:clearing", 2900), Line("order:1:escrow", -2900)],
        at=NOON,
    )


class TestToday:
    def test_says_when_nothing_was_checked(self, page: Client) -> None:
        assert "notice-info" in text(page)

    def test_shows_the_balance_of_the_last_check(self, page: Client) -> None:
        post_something()
        operations.check_ledger(at=NOON)
        assert "notice-ok" in text(page)
        assert "¥29.00" in text(page)

    def test_raises_the_alarm(self, page: Client) -> None:
        post_something()
        tamper("UPDATE ledger_entry SET memo = 'x'")
        operations.check_ledger(at=NOON)
        assert "notice-bad" in text(page)
        assert "fingerprint" in text(page)

    def test_counts_the_reports_of_fakes_that_wait(
        self, page: Client, operator: User
    ) -> None:
        address = reverse("traceability:reports")

        def waiting() -> int:
            todos = {todo.url: todo.count for todo in queries.today(now=NOON)}
            return todos[address]

        assert waiting() == 0
        for code in ("示例一", "示例二"):
            report = report_fake(code=code, message="示例", at=NOON)
        assert waiting() == 2
        assert f'href="{address}"' in text(page)
        conclude_report(
            report=report, finding="fake", note="示例", by=operator, at=NOON
        )
        assert waiting() == 1
