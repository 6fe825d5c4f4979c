"""Staff's page of payments: who may look, who may act, what it shows."""

import pytest
from django.urls import reverse

from shop.alipay import operations
from shop.alipay.models import Difference, Reconciliation

from .conftest import NOW
from .hostile import notice

pytestmark = pytest.mark.django_db
PAGE = "/backoffice/payments/"


@pytest.fixture
def difference(payment):
    report = Reconciliation.objects.create(
        app_id=payment.app_id, day=NOW.date(), rows=1, fee_fen=-7, ran_at=NOW
    )
    return Difference.objects.create(
        reconciliation=report,
        kind=Difference.Kind.MISSING_LOCAL,
        out_trade_no=payment.out_trade_no,
        trade_no="T-stray",
        ours_fen=0,
        theirs_fen=500,
    )


def settle(client, difference, **fields):
    address = reverse("alipay_backoffice:settle", args=[difference.pk])
    client.post(address, {"note": "asked Alipay", "park": "yes"} | fields)
    difference.refresh_from_db()
    return difference.settled_at is not None


class TestPayments:
    def test_shows_what_needs_a_look(self, client, operator, payment, difference):
        operations.receive_notice(params=notice(payment, total_amount="0.01"), at=NOW)
        operations.receive_notice(params=notice(payment, app_id="other"), at=NOW)
        client.force_login(operator)
        page = client.get(PAGE).content.decode()
        for text in (payment.out_trade_no, "¥5.00", "¥0.01"):
            assert text in page

    def test_without_trouble_says_so(self, client, operator):
        client.force_login(operator)
        assert client.get(PAGE).status_code == 200

    def test_is_closed_to_strangers_and_open_to_auditors(
        self, client, stranger, auditor, difference
    ):
        assert client.get(PAGE).status_code == 302
        client.force_login(stranger)
        assert client.get(PAGE).status_code == 403
        client.force_login(auditor)
        page = client.get(PAGE)
        assert page.status_code == 200
        assert f"/differences/{difference.pk}/" not in page.content.decode()


class TestSettle:
    def test_is_the_operators_alone(
        self, client, stranger, auditor, operator, difference
    ):
        assert not settle(client, difference)
        for user in (stranger, auditor):
            client.force_login(user)
            assert not settle(client, difference)
        client.force_login(operator)
        assert settle(client, difference)

    def test_needs_a_note(self, client, operator, difference):
        client.force_login(operator)
        assert not settle(client, difference, note="")

    def test_is_never_a_get(self, client, operator, difference):
        client.force_login(operator)
        address = reverse("alipay_backoffice:settle", args=[difference.pk])
        assert client.get(address).status_code == 405


class TestAsk:
    def test_books_what_alipay_says(self, client, operator, auditor, payment, alipay):
        alipay.paid(payment)
        address = reverse("alipay_backoffice:ask", args=[payment.pk])
        client.force_login(auditor)
        assert client.post(address).status_code == 403
        client.force_login(operator)
        assert client.post(address).status_code == 302
        payment.refresh_from_db()
        assert payment.status == "PAID"
