"""What a phone sees: the verdict first, nothing written by looking."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from partners.limits import Limit
from partners.organisations.models import Farmer
from partners.organisations.operations import open_station
from partners.organisations.positions import Position
from shop.users.models import User
from tests.factories.traceability import english_client, new_label
from traceability import operations, queries
from traceability.codes import code_of
from traceability.models import FakeReport, Label, Scan
from traceability.signals import scan_links
from traceability.views import scans

pytestmark = pytest.mark.django_db


def changed(code: str) -> str:
    """The code with one character changed."""
    return code[:-1] + ("0" if code[-1] != "0" else "1")


def text_of(response: Any) -> str:
    """A page's words without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def seen(client: Client, code: str, device: str) -> Any:
    """What a page's script posts."""
    return client.post(
        f"/T/{code}/seen/", {"device": device}, headers={"accept": "application/json"}
    )


class TestScan:
    def test_says_genuine_and_tells_the_box_s_story(
        self, client: Client, label: Label
    ) -> None:
        response = client.get(f"/T/{label.code}")
        assert response.status_code == 200
        words = text_of(response)
        for fact in ("Genuine", "永固村", "王**", "HS-2026-000001", "Report a fake"):
            assert fact in words
        assert "王示例" not in response.content.decode()
        assert "10000000009" not in response.content.decode()

    def test_changes_its_language_and_comes_back(
        self, client: Client, label: Label
    ) -> None:
        address = f"/T/{label.code}"
        page = client.get(address).content.decode()
        assert f'<input type="hidden" name="next" value="{address}">' in page
        chosen = client.post("/reading/", {"next": address, "language": "zh-hans"})
        assert chosen["Location"] == address
        assert "举报假货" in client.get(address).content.decode()

    def test_says_in_english_what_it_is_and_where_from(
        self, client: Client, label: Label
    ) -> None:
        page = client.get(f"/T/{label.code}", headers={"accept-language": "en"})
        for fact in ("Rock-sugar orange", "Yonggu village 永固村"):
            assert fact in text_of(page)
        paper = client.get(
            f"/certificates/{label.batch.certificate.number}/",
            headers={"accept-language": "en"},
        )
        assert "Rock-sugar orange" in text_of(paper)
        for one in (page, paper):
            chinese = client.get(
                one.request["PATH_INFO"], headers={"accept-language": "zh-hans"}
            )
            assert "Rock-sugar" not in text_of(chinese)

    def test_tells_the_growers_story_and_where_it_grew(
        self, client: Client, label: Label, farmer_wang: Farmer
    ) -> None:
        farmer_wang.story, farmer_wang.growing_since = "果子熟透了才摘。", 2005
        farmer_wang.save()
        open_station(
            village=farmer_wang.village, name="站", position=Position(289, 1120)
        )
        response = client.get(f"/T/{label.code}")
        words = text_of(response)
        for fact in ("果子熟透了才摘。", "growing since 2005", "Changsha", "30°"):
            assert fact in words
        assert len(response.content) < 60_000

    def test_draws_no_map_of_a_place_that_nobody_told(
        self, client: Client, label: Label, farmer_wang: Farmer
    ) -> None:
        assert "scan-map" not in client.get(f"/T/{label.code}").content.decode()
        open_station(village=farmer_wang.village, name="站")
        assert "scan-map" not in client.get(f"/T/{label.code}").content.decode()

    @pytest.mark.parametrize("way", ["/t/{}", "/T/{}/", "/t/{}/"])
    def test_takes_lower_case_and_a_slash(
        self, client: Client, label: Label, way: str
    ) -> None:
        assert client.get(way.format(label.code.lower())).status_code == 200

    def test_looking_writes_nothing_and_sets_no_cookie(
        self, client: Client, label: Label
    ) -> None:
        before = Label.objects.filter(pk=label.pk).values().get()
        for ask in (client.get, client.head):
            response = ask(f"/T/{label.code}")
            assert response.status_code == 200
            assert not response.cookies
        assert Label.objects.filter(pk=label.pk).values().get() == before
        assert not Scan.objects.exists()

    def test_refuses_a_forged_code_without_asking_the_database(
        self, client: Client, label: Label, django_assert_num_queries: Any
    ) -> None:
        forged = changed(label.code)
        with django_assert_num_queries(0):
            response = client.get(f"/T/{forged}")
            answer = seen(client, forged, "a" * 20)
        assert response.status_code == 404
        assert "Not our code" in text_of(response)
        assert answer.json()["state"] == "tampered"

    def test_asks_little_for_a_good_one(
        self, client: Client, label: Label, django_assert_max_num_queries: Any
    ) -> None:
        # The negative control of the test before: a good code does ask.
        with django_assert_max_num_queries(7) as asked:
            client.get(f"/T/{label.code}")
        assert len(asked) > 1

    def test_does_not_know_a_code_whose_label_is_not_there(
        self, client: Client, label: Label
    ) -> None:
        response = client.get(f"/T/{code_of(10**9)}")
        assert response.status_code == 404
        assert "Unknown code" in text_of(response)

    def test_says_when_it_could_not_check(
        self, client: Client, label: Label, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails() -> Any:
            raise DatabaseError("gone")

        monkeypatch.setattr("traceability.queries.judging.labels_with_facts", fails)
        response = client.get(f"/T/{label.code}")
        assert response.status_code == 503
        words = text_of(response)
        assert "Could not check" in words
        assert "Do not trust" not in words
        assert "revoked" not in words.lower()

    def test_warns_of_a_label_that_is_on_no_package(
        self, client: Client, farmer_wang: Farmer, zhao: User
    ) -> None:
        label = new_label(farmer=farmer_wang, by=zhao, packed=False)
        assert "Not packed yet" in text_of(client.get(f"/T/{label.code}"))
        assert seen(client, label.code, "a" * 20).json()["state"] == "inactive"
        assert not Scan.objects.exists()

    def test_offers_what_the_shop_has_of_the_lot(
        self, client: Client, label: Label
    ) -> None:
        def offer(sender: Any, lot: Any, **kwargs: Any) -> dict[str, str]:
            return {"label": f"Buy again {lot.product_name}", "url": "/p/oranges-1/"}

        def fails(sender: Any, **kwargs: Any) -> None:
            raise RuntimeError("the shop is closed")

        scan_links.connect(offer)
        scan_links.connect(fails)
        try:
            response = client.get(f"/T/{label.code}")
        finally:
            scan_links.disconnect(offer)
            scan_links.disconnect(fails)
        assert 'href="/p/oranges-1/"' in response.content.decode()

    @pytest.mark.parametrize(
        "text", ["x", "0" * 20, "<script>", "../../etc/passwd", "你好", "A" * 80]
    )
    def test_answers_nonsense_as_a_forged_code(self, client: Client, text: str) -> None:
        response = client.get(f"/T/{text}")
        assert response.status_code == 404
        assert "<script>" not in response.content.decode().replace("<script src", "")


class TestSeen:
    def test_the_first_device_is_first_and_the_second_second(
        self, client: Client, label: Label
    ) -> None:
        first = seen(client, label.code, "a" * 20).json()
        assert (first["state"], first["ordinal"]) == ("first", 1)
        assert "First check" in first["html"]
        second = seen(client, label.code.lower(), "b" * 20).json()
        assert (second["state"], second["ordinal"]) == ("again", 2)
        assert second["first_at"] == first["first_at"]
        assert "Check no. 2" in second["html"]
        # The window's title says what the page says.
        assert second["title"] == "Genuine, seen before · Xiangji"
        page = client.get(f"/T/{label.code}").content.decode()
        assert f"<title>{second['title']}</title>" in page

    def test_the_same_device_is_counted_once_a_day(
        self, client: Client, label: Label
    ) -> None:
        for _time in range(3):
            answer = seen(client, label.code, "a" * 20).json()
            assert (answer["state"], answer["ordinal"]) == ("first", 1)
        assert Scan.objects.count() == 1

    def test_keeps_no_name_of_a_device(self, client: Client, label: Label) -> None:
        seen(client, label.code, "a" * 20)
        scan = Scan.objects.get()
        assert "a" * 20 not in scan.device
        assert len(scan.device) == 64

    def test_works_by_a_button_without_scripts(self, label: Label) -> None:
        phone, other = english_client(), english_client()
        answer = phone.post(f"/T/{label.code}/seen/")
        assert answer.status_code == 302
        assert "First check" in text_of(phone.get(answer["Location"]))
        # The cookie keeps the device, so that a second press counts nothing.
        phone.post(f"/T/{label.code}/seen/")
        assert Scan.objects.count() == 1
        answer = other.post(f"/T/{label.code}/seen/")
        assert "Check no. 2" in text_of(other.get(answer["Location"]))

    def test_no_address_can_promise_a_first_check(self, label: Label) -> None:
        # A clone could carry whatever address its maker was once sent to.
        phone, other = english_client(), english_client()
        location = phone.post(f"/T/{label.code}/seen/")["Location"]
        assert location == f"/T/{label.code}"
        assert "First check" in text_of(phone.get(location))
        words = text_of(other.get(location))
        assert "First check" not in words
        assert "Checked once before" in words

    def test_takes_no_nonsense_for_a_device(self, client: Client, label: Label) -> None:
        for device in ("", "short", "x" * 65, "<b>" * 8, "a b" * 8):
            client.cookies["scan_device"] = device
            assert client.get(f"/T/{label.code}").status_code == 200
            assert seen(client, label.code, device).status_code == 200
        assert all(len(scan.device) == 64 for scan in Scan.objects.all())

    def test_looking_by_get_is_not_counting(self, client: Client, label: Label) -> None:
        assert client.get(f"/T/{label.code}/seen/").status_code == 405

    def test_is_limited_and_then_says_nothing_bad(
        self, client: Client, label: Label, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(scans, "SCANS", Limit("scans", 0, timedelta(minutes=10)))
        answer = seen(client, label.code, "a" * 20)
        assert answer.status_code == 429
        assert answer.json() == {"state": "unchecked"}
        assert not Scan.objects.exists()

    def test_says_when_it_could_not_count(
        self, client: Client, label: Label, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(**facts: Any) -> None:
            raise DatabaseError("locked")

        monkeypatch.setattr("traceability.operations.count_scan", fails)
        answer = seen(client, label.code, "a" * 20)
        assert (answer.status_code, answer.json()["state"]) == (503, "unchecked")
        page = client.post(f"/T/{label.code}/seen/")
        assert page.status_code == 503
        assert "Could not check" in text_of(page)


class TestLimits:
    """Counted in the database: every web process and every restart sees one count."""

    def post(self, code: str, device: str, **headers: str) -> int:
        # A browser, and a process's memory, of its own for each.
        cache.clear()
        address = f"/T/{code}/seen/"
        headers |= {"HTTP_ACCEPT": "application/json"}
        return Client().post(address, {"device": device}, **headers).status_code

    @pytest.fixture(autouse=True)
    def two(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(scans, "SCANS", Limit("scans", 2, timedelta(minutes=10)))

    def test_hold_whichever_process_answers(self, label: Label) -> None:
        codes = [self.post(label.code, str(n) * 20) for n in range(4)]
        assert codes == [200, 200, 429, 429]
        assert Scan.objects.count() == 2

    def test_count_every_address_by_itself(self, label: Label) -> None:
        for last in range(4):
            there = {"REMOTE_ADDR": f"192.0.2.{last}"}
            assert self.post(label.code, str(last) * 20, **there) == 200

    def test_do_not_believe_what_the_asker_says_of_the_address(
        self, label: Label
    ) -> None:
        codes = [
            self.post(label.code, str(n) * 20, HTTP_X_FORWARDED_FOR=f"192.0.2.{n}")
            for n in range(3)
        ]
        assert codes == [200, 200, 429]

    def test_tell_readers_apart_behind_a_proxy_of_ours(
        self, label: Label, settings: Any
    ) -> None:
        settings.PROXIES = 1
        codes = [
            self.post(label.code, str(n) * 20, HTTP_X_FORWARDED_FOR=f"192.0.2.{n}")
            for n in range(4)
        ]
        assert codes == [200] * 4

    def test_hold_for_reports(
        self, label: Label, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(scans, "REPORTS", Limit("fakes", 1, timedelta(hours=1)))
        answers = []
        for _again in range(2):
            cache.clear()
            answers.append(
                Client().post(f"/T/{label.code}/report/", {"message": "示例"})
            )
        assert [answer.status_code for answer in answers] == [302, 400]
        assert FakeReport.objects.count() == 1


class TestReport:
    def test_takes_it_down_for_a_good_and_for_a_forged_code(
        self, client: Client, label: Label
    ) -> None:
        for code in (label.code, changed(label.code)):
            response = client.post(
                f"/T/{code}/report/",
                {"message": "盒子不对", "bought_at": "路边", "contact": "10000000077"},
                follow=True,
            )
            assert "The county will look into it." in text_of(response)
        good, forged = FakeReport.objects.order_by("pk")
        assert good.label_id == label.pk
        assert forged.label_id is None
        assert good.contact == "10000000077"

    def test_keeps_the_contact_encrypted(self, client: Client, label: Label) -> None:
        client.post(
            f"/T/{label.code}/report/", {"message": "假的", "contact": "10000000077"}
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT contact FROM traceability_fakereport")
            assert "10000000077" not in str(cursor.fetchall())

    def test_asks_for_words(self, client: Client, label: Label) -> None:
        response = client.post(f"/T/{label.code}/report/", {"message": "  "})
        assert response.status_code == 400
        assert not FakeReport.objects.exists()


class TestAsk:
    def test_leads_to_the_code_that_was_typed(
        self, client: Client, label: Label
    ) -> None:
        response = client.get("/T/", {"code": label.code.lower()}, follow=True)
        assert "Genuine" in text_of(response)
        assert client.get("/T/").status_code == 200


class TestVerdictInOrder:
    """The order of the design: what is worse comes first."""

    def test_each_state(self, label: Label, zhao: User, certificate: Any) -> None:
        now = timezone.now()

        def state() -> str:
            return queries.judge(text=label.code, device=None, now=now).state

        assert state() == "genuine"
        operations.supersede_certificate(
            certificate=label.batch.certificate, reason="重新包装", by=zhao, at=now
        )
        assert state() == "superseded"
        operations.void_label(label=label, reason="掉了", by=zhao, at=now)
        assert state() == "voided"
        operations.recall_lot(lot=label.lot, reason="检出超标", by=zhao, at=now)
        assert state() == "recalled"

    def test_revoked_before_voided(self, label: Label, zhao: User) -> None:
        now = timezone.now()
        operations.void_label(label=label, reason="掉了", by=zhao, at=now)
        operations.revoke_certificate(
            certificate=label.batch.certificate, reason="写错了", by=zhao, at=now
        )
        verdict = queries.judge(text=label.code, device=None, now=now)
        assert (verdict.state, verdict.reason) == ("revoked", "写错了")

    def test_suspicious_when_too_many_devices_look(self, label: Label) -> None:
        now = timezone.now()
        states = [
            operations.count_scan(code=label.code, device=f"device-{n:010d}", at=now)
            for n in range(8)
        ]
        assert [s.state for s in states[:2]] == ["first", "again"]
        assert states[-1].state == "suspicious"
        # To the first one it is still theirs.
        mine = queries.judge(text=label.code, device=f"device-{0:010d}", now=now)
        assert mine.state == "first"
