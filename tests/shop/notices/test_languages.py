"""A text is in the language that its receiver reads."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import TestCase
from django.utils.translation import override

from shop.notices.models import OutboxItem, TextMessage
from shop.notices.operations import send_text
from shop.notices.queries import language_for
from shop.notices.texts import TEXTS
from shop.users.models import User
from shop.users.operations import choose_language
from tests.factories.people import SOME_DAY, new_phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> User:
    """Somebody who chose English."""
    user = User.objects.create_user(new_phone())
    choose_language(user=user, language="en")
    return user


def owed(phone: str, key: str = "owed:1") -> TextMessage:
    return send_text(
        phone=phone,
        template="farmer_owed",
        params={"amount": "¥29.00", "link": "/x/"},
        at=SOME_DAY,
        key=key,
    )


class TestWhoChose:
    def test_gets_it_in_their_language(self, reader):
        with TestCase.captureOnCommitCallbacks(execute=True):
            owed(reader.phone)
        assert "is yours" in OutboxItem.objects.get().body

    def test_everybody_else_in_the_countys_whoever_set_it_off(self):
        with TestCase.captureOnCommitCallbacks(execute=True), override("en"):
            owed(new_phone())
        assert "入账" in OutboxItem.objects.get().body

    def test_the_same_key_stays_the_same_message(self, reader):
        first = owed(reader.phone)
        choose_language(user=reader, language="zh-hans")
        assert owed(reader.phone) == first
        assert first.language == "en"
        assert owed(reader.phone, key="owed:2").language == "zh-hans"

    def test_what_is_no_language_of_ours_changes_nothing(self, reader):
        choose_language(user=reader, language="xx")
        reader.refresh_from_db()
        assert reader.language == "en"
        assert language_for(phone="", key="k", otherwise="xx") == "zh-hans"

    def test_what_no_carrier_approved_is_not_sent(self, reader, settings):
        settings.TEXT_PROVIDER = "shop.notices.providers.aliyun.AliyunProvider"
        settings.ALIYUN_SMS_TEMPLATES = dict.fromkeys(TEXTS, "SMS_1")
        assert owed(reader.phone).language == "zh-hans"


class TestChoosing:
    def test_is_remembered_of_who_is_logged_in(self, client, buyer):
        client.force_login(buyer)
        client.post("/reading/", {"language": "en"})
        buyer.refresh_from_db()
        assert buyer.language == "en"

    def test_before_the_login_counts_as_well(self, client, buyer):
        client.post("/reading/", {"language": "en"})
        assert not User.objects.filter(language="en").exists()
        with TestCase.captureOnCommitCallbacks(execute=True):
            client.post("/login/", {"phone": buyer.phone, "way": "code"})
        item = OutboxItem.objects.get()
        assert "Your code" in item.body
        client.post("/login/code/", {"secret": item.code})
        buyer.refresh_from_db()
        assert buyer.language == "en"

    def test_a_browsers_own_wish_is_no_choice(self, client, buyer):
        with TestCase.captureOnCommitCallbacks(execute=True):
            client.post("/login/", {"phone": buyer.phone, "way": "code"})
        client.post(
            "/login/code/",
            {"secret": OutboxItem.objects.get().code},
            headers={"accept-language": "en"},
        )
        buyer.refresh_from_db()
        assert buyer.language == ""


def test_every_wording_is_printed_for_the_carrier_in_both_languages(settings):
    settings.BASE_URL = "https://market.example"
    out = StringIO()
    call_command("text_wordings", stdout=out)
    lines = out.getvalue().splitlines()
    names = {line.split("\t")[0] for line in lines}
    assert names == set(TEXTS) | {f"{name}.en" for name in TEXTS}
    assert any("验证码" in line and "${code}" in line for line in lines)
    links = [line for line in lines if "${link}" in line]
    assert all("https://market.example/${link}" in line for line in links)
    assert len(links) == 2 * sum("link" in text.blanks for text in TEXTS.values())
