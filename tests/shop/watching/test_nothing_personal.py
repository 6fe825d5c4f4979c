"""Whole flows, as people walk them: their data is in no log line of any of them.

What is searched is what the code handed to logging, before anything is redacted: the
filter is for other people's exceptions, not an excuse for ours.
"""

import logging
import re

import pytest
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from partners.links import link_token
from partners.models import Confirmation
from shop.listings.models import Listing
from shop.listings.operations import send_to_farmer
from shop.notices.models import OutboxItem, TextMessage
from shop.notices.signals import text_written
from shop.ordering.models import Purchase
from tests.factories.listings import assistant, farmer, freight
from tests.factories.people import new_phone
from tests.factories.places import load_places

pytestmark = pytest.mark.django_db
SENTENCE = "王婶家冰糖橙,5斤装29块,下周三摘,有600斤"
NAME, PHONE, STREET = "欧阳示例", "10012345678", "示例路1号2栋301"
PASTED = f"{NAME} {PHONE} 湖南省长沙市岳麓区{STREET}"


def handed_in(written) -> str:
    """Every message with its values, and every traceback, as they were handed in."""
    plain = logging.Formatter("%(name)s %(message)s")
    return "\n".join(
        f"{plain.format(record)} {vars(record).get('data', '')}"
        for record in written.records
    )


def met_in(text: str, *secrets: str) -> list[str]:
    return [secret for secret in secrets if secret and secret in text]


@pytest.fixture(autouse=True)
def _sent_at_once(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PRIVATE_ROOT = tmp_path / "private"


def filled(page: str, **changes: str) -> dict[str, str]:
    """What a browser would send back for the page's form with a key."""
    forms = re.findall(r"<form.*?</form>", page, re.S)
    (form,) = (form for form in forms if 'name="key"' in form)
    values = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and 'type="checkbox"' not in tag:
            values[name[1]] = value[1] if value else ""
    for select in re.findall(r"<select.*?</select>", form, re.S):
        name = re.search(r'name="([^"]*)"', select)
        chosen = re.search(r'<option value="([^"]*)" selected', select)
        if name:
            values[name[1]] = chosen[1] if chosen else ""
    return values | changes


@pytest.fixture
def ordered(client, hanshou, oranges):
    """Basket, pasted address, place, the order's page."""
    load_places("430104")
    with TestCase.captureOnCommitCallbacks(execute=True):
        client.post(f"/basket/add/{oranges.product_id}/", {"quantity": "2"})
        page = client.post(reverse("ordering:paste"), {"pasted": PASTED}, follow=True)
        sent = filled(page.content.decode(), fresh_confirmed="on")
        answer = client.post(reverse("ordering:checkout"), sent)
    assert answer.status_code == 302, answer.content.decode()
    purchase = Purchase.objects.get()
    assert (purchase.recipient, purchase.phone) == (NAME, PHONE)
    assert purchase.order.number in client.get(purchase.path).content.decode()
    return purchase


class TestOrder:
    def test_neither_buyer_nor_key_to_the_order(self, ordered, written, client):
        client.get(ordered.path)
        client.get(ordered.path.replace(ordered.token, ordered.token[::-1]))
        text = handed_in(written)
        assert len(written.of("request")) == 2
        assert met_in(text, NAME, PHONE, STREET, ordered.token) == []

    def test_placing_it(self, written, ordered):
        text = handed_in(written)
        routes = {line.get("route") for line in written.all()}
        assert {"ordering:checkout", "ordering:order"} <= routes
        assert met_in(text, NAME, PHONE, STREET, ordered.token) == []

    def test_a_paste_that_cannot_be_read_is_not_spelled_out(
        self, written, client, hanshou, oranges
    ):
        client.post(f"/basket/add/{oranges.product_id}/", {"quantity": "2"})
        client.post(reverse("ordering:paste"), {"pasted": PASTED * 9})
        assert written.all()[-1]["route"] == "ordering:paste"
        assert met_in(handed_in(written), NAME, PHONE, STREET) == []


class TestListing:
    def test_neither_farmer_nor_link_nor_code(self, written, client):
        freight()
        wang = farmer(called="王婶")
        serving = assistant()
        client.force_login(serving.user)
        client.post("/assistant/say/", {"said": SENTENCE})
        draft = Listing.objects.get()
        with TestCase.captureOnCommitCallbacks(execute=True):
            asked = send_to_farmer(listing=draft, by=serving, at=timezone.now())
        (message,) = OutboxItem.objects.all()
        assert message.phone == wang.phone
        with TestCase.captureOnCommitCallbacks(execute=True):
            client.get(f"/confirm/{asked.token}/")
            client.post(f"/confirm/{asked.token}/", {"answer": "yes"})
        draft.refresh_from_db()
        assert draft.consents.get().answer == "yes"
        assert "listings:confirm" in written.text
        secrets = [wang.phone, wang.name, asked.token, asked.code, serving.user.phone]
        assert met_in(handed_in(written), *secrets, SENTENCE) == []


class TestHousehold:
    def test_neither_household_nor_link(
        self, written, client, disbursement, household_zhang
    ):
        with TestCase.captureOnCommitCallbacks(execute=True):
            token = link_token(household_zhang)
            client.get(f"/household/{token}/")
            client.post(
                f"/household/{token}/{disbursement.number}/", {"answer": "received"}
            )
            client.get(f"/household/{token}x/")
        said = disbursement.confirmations.get().answer
        assert said == Confirmation.Answer.RECEIVED
        assert "partners:household" in written.text
        home = household_zhang
        secrets = [home.name, home.id_number, home.bank_card, home.contact_phone, token]
        assert all(secrets)
        assert met_in(handed_in(written), *secrets) == []


class TestLogin:
    def test_neither_phone_nor_code(self, written, client):
        phone = new_phone()
        with TestCase.captureOnCommitCallbacks(execute=True):
            client.post("/login/", {"phone": phone, "way": "code"})
        code = next(item.code for item in OutboxItem.objects.all())
        client.post("/login/code/", {"secret": "000000"})
        client.post("/login/code/", {"secret": code})
        assert client.session["_auth_user_id"]
        assert "users:login" in written.text
        assert met_in(handed_in(written), phone, code) == []

    def test_a_text_that_cannot_be_sent(self, written, client, settings, monkeypatch):
        """The provider's answer names the phone; the row's number is enough for us."""
        from shop.notices import providers
        from shop.notices.providers import UnableToDeliver

        phone = new_phone()

        class Refusing:
            name = "refusing"

            def send(self, outgoing):
                raise UnableToDeliver(f"no such number {outgoing.phone}", final=True)

        monkeypatch.setattr(providers, "configured", Refusing)
        with TestCase.captureOnCommitCallbacks(execute=True):
            client.post("/login/", {"phone": phone, "way": "code"})
        message = TextMessage.objects.get()
        assert message.status == TextMessage.Status.DEAD
        assert f"text {message.pk} given up" in written.text
        assert phone not in written.text


class TestTheSearchItself:
    """Controls: what is looked for above would be found if it were there."""

    def test_somebody_who_logs_a_phone_is_caught(self, written, client):
        def careless(message, **kwargs):
            logging.getLogger("careless").info("writing to %s", message.phone)

        text_written.connect(careless)
        try:
            phone = new_phone()
            client.post("/login/", {"phone": phone, "way": "code"})
        finally:
            text_written.disconnect(careless)
        assert met_in(handed_in(written), phone) == [phone]
        # And the last line of defence takes it out.
        assert phone not in written.text

    def test_names_and_addresses_in_exceptions_are_caught(self, written):
        try:
            raise ValueError(f"{NAME} lives in {STREET}")
        except ValueError:
            logging.getLogger("careless").exception("unable")
        assert met_in(handed_in(written), NAME, STREET) == [NAME, STREET]

    def test_a_link_in_the_line_of_a_request_is_caught(
        self, written, client, monkeypatch, ordered
    ):
        monkeypatch.setattr(
            "shop.watching.middleware.route_of", lambda request: request.path
        )
        client.get(ordered.path)
        spelled = [record.__dict__.get("route", "") for record in written.records]
        assert met_in(" ".join(spelled), ordered.token) == [ordered.token]
