"""The demo's outbox, and the operator's list of texts that were given up."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from shop.notices import operations
from shop.notices.models import OutboxItem, TextMessage
from shop.notices.providers.outbox import OutboxProvider

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 9, 1, 4, tzinfo=UTC)


def arrive(number: int, at: datetime = NOON) -> OutboxItem:
    message = operations.send_text(
        phone=f"100{number:08d}",
        template="order_cancelled",
        params={"number": f"2026-{number}", "link": f"/orders/{number}/"},
        at=at,
        key=f"order:{number}:cancelled",
    )
    operations.deliver_text(message_id=message.pk, at=at)
    return OutboxItem.objects.get(reference=message.key)


def give_up(number: int) -> TextMessage:
    item = arrive(number)
    message = TextMessage.objects.get(key=item.reference)
    TextMessage.objects.filter(pk=message.pk).update(
        status="dead", sent_at=None, failure="isv.OUT_OF_SERVICE"
    )
    return message


class TestOutbox:
    def test_shows_the_newest_first_with_its_link(self, client):
        arrive(1)
        arrive(2, NOON + timedelta(minutes=1))
        arrive(3, NOON - timedelta(days=40))
        page = client.get("/demo/outbox/")
        numbers = [item.reference for item in page.context["items"]]
        assert numbers == [f"order:{n}:cancelled" for n in (2, 1, 3)]
        text = page.content.decode()
        assert 'href="/orders/2/"' in text and 'data-link="/orders/2/"' in text

    def test_shows_codes_and_hides_numbers(self, client):
        message = operations.send_text(
            phone="10000000007",
            template="login_code",
            params={"code": "314159"},
            at=NOON,
            key="login:1",
        )
        operations.deliver_text(message_id=message.pk, at=NOON)
        text = client.get("/demo/outbox/").content.decode()
        assert 'data-code="314159"' in text
        assert "10000000007" not in text and "100****0007" in text

    def test_does_not_exist_outside_the_demo(self, client, settings):
        arrive(1)
        settings.DEMO = False
        assert client.get("/demo/outbox/").status_code == 404

    def test_its_provider_refuses_to_work_outside_the_demo(self, settings):
        settings.DEMO = False
        with pytest.raises(ImproperlyConfigured):
            OutboxProvider()

    def test_pages_on_without_skipping_or_repeating(self, client):
        for number in range(70):
            arrive(number, NOON + timedelta(seconds=number // 3))
        seen, url = [], "/demo/outbox/"
        while url:
            page = client.get(url)
            seen += [item.pk for item in page.context["items"]]
            url = (
                page.context["next_url"] and f"/demo/outbox/{page.context['next_url']}"
            )
        assert len(seen) == len(set(seen)) == 70

    def test_asks_once_whatever_it_shows(self, client, django_assert_num_queries):
        for number in range(9):
            arrive(number)
        with django_assert_num_queries(1):
            client.get("/demo/outbox/")

    def test_sets_no_cookie(self, client):
        assert not client.get("/demo/outbox/").cookies


class TestGivenUp:
    def test_strangers_do_not_see_it(self, client, stranger):
        assert client.get("/backoffice/texts/").url.startswith("/login/")
        client.force_login(stranger)
        assert client.get("/backoffice/texts/").status_code == 403

    def test_the_operator_sees_and_sends_again(self, client, operator):
        message = give_up(1)
        client.force_login(operator)
        page = client.get("/backoffice/texts/").content.decode()
        assert "isv.OUT_OF_SERVICE" in page and message.phone not in page
        client.post(f"/backoffice/texts/{message.pk}/again/")
        message.refresh_from_db()
        assert message.status == TextMessage.Status.WAITING

    def test_the_auditor_looks_only(self, client, auditor):
        message = give_up(1)
        client.force_login(auditor)
        assert client.get("/backoffice/texts/").status_code == 200
        again = f"/backoffice/texts/{message.pk}/again/"
        assert client.post(again).status_code == 403
        message.refresh_from_db()
        assert message.status == TextMessage.Status.DEAD

    def test_sending_again_is_a_post(self, client, operator):
        message = give_up(1)
        client.force_login(operator)
        assert client.get(f"/backoffice/texts/{message.pk}/again/").status_code == 405
