"""/healthz and /readyz: what a load balancer asks, and what a stranger learns."""

import os
import threading
from io import StringIO

import pytest
from celery import Celery
from django.conf import settings as configuration
from django.core.cache import cache
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import Client

from shop.discovery.engine import SearchUnavailable
from shop.watching import parts
from shop.watching import readiness as asking
from shop.watching.parts import PARTS
from shop.watching.readiness import NotWell, Part, Readiness
from shop.watching.views import readiness
from tests.races import meeting

pytestmark = pytest.mark.django_db


class WorkingEngine:
    def search(self, query):
        return None


class BrokenEngine:
    def search(self, query):
        raise SearchUnavailable("no server at 10.0.0.3")


@pytest.fixture(autouse=True)
def _asked_anew(monkeypatch):
    """Every question is asked; keys and an index are there, as after a deployment."""
    monkeypatch.setattr(asking, "ANSWER_HOLDS_SECONDS", 0.0)
    monkeypatch.setattr(parts, "configured", WorkingEngine)
    call_command("create_keys", stdout=StringIO())


def broken(*args, **kwargs):
    raise OSError("password=hunter2 host=10.0.0.3")


class TestHealthz:
    def test_lives(self, client):
        answer = client.get("/healthz")
        assert (answer.status_code, answer.content) == (200, b"ok\n")

    def test_asks_nothing(self, client, django_assert_num_queries, monkeypatch):
        monkeypatch.setattr(cache, "get", broken)
        with django_assert_num_queries(0):
            assert client.get("/healthz").status_code == 200

    def test_lives_while_nothing_else_does(self, client, monkeypatch):
        monkeypatch.setattr(connection, "cursor", broken)
        assert client.get("/healthz").status_code == 200


class TestReadyz:
    def test_ready_when_every_part_answers(self, client):
        answer = client.get("/readyz")
        assert answer.status_code == 200, answer.json()
        assert answer.json() == {
            "status": "ready",
            "parts": dict.fromkeys((part.name for part in PARTS), "ok"),
        }

    @pytest.mark.parametrize(
        ("name", "where", "what"),
        [
            ("database", "django.db.backends.utils.CursorWrapper.execute", broken),
            ("migrations", "shop.watching.parts._known_migrations", broken),
            ("files", "os.access", lambda *_: False),
            ("keys", "traceability.signing.signer", broken),
        ],
    )
    def test_a_part_that_fails_is_named_and_nothing_else_is_said(
        self, client, monkeypatch, written, name, where, what
    ):
        monkeypatch.setattr(where, what)
        answer = client.get("/readyz")
        assert answer.status_code == 503
        said = answer.json()
        assert said["status"] == "unready"
        assert said["parts"][name] == "failed"
        assert set(said) == {"status", "parts"}
        assert set(said["parts"].values()) <= {"ok", "failed", "slow"}
        assert "hunter2" not in answer.content.decode()
        assert "10.0.0.3" not in answer.content.decode()
        assert name in {line.get("part") for line in written.all()}

    @pytest.mark.parametrize(
        ("name", "where"),
        [
            ("cache", f"{configuration.CACHES['default']['BACKEND']}.get"),
            ("broker", "kombu.Connection.ensure_connection"),
        ],
    )
    def test_what_the_shop_can_do_without_is_named_and_takes_nobody_away(
        self, client, monkeypatch, name, where
    ):
        monkeypatch.setattr(where, broken)
        answer = client.get("/readyz")
        assert answer.status_code == 200
        assert answer.json()["status"] == "degraded"
        bad = {part for part, is_ in answer.json()["parts"].items() if is_ != "ok"}
        assert bad == {name}
        assert "hunter2" not in answer.content.decode()

    def test_without_search_the_shop_works(self, client, monkeypatch):
        monkeypatch.setattr(parts, "configured", BrokenEngine)
        answer = client.get("/readyz")
        assert answer.status_code == 200
        assert answer.json()["status"] == "degraded"
        assert answer.json()["parts"]["search"] == "failed"

    def test_a_missing_table_is_not_ready(self, client, monkeypatch):
        monkeypatch.setattr(
            parts, "_known_migrations", lambda: {("ordering", "0099_to_come")}
        )
        assert client.get("/readyz").json()["parts"]["migrations"] == "failed"

    def test_a_full_disk_is_not_ready(self, client, monkeypatch):
        monkeypatch.setattr(parts, "FREE_BYTES", 2**62)
        assert client.get("/readyz").json()["parts"]["files"] == "failed"

    def test_a_key_file_nobody_can_read_is_not_ready(self, client, settings, tmp_path):
        settings.SIGNING_KEY_FILES = dict.fromkeys(
            settings.SIGNING_KEY_FILES, str(tmp_path / "none.pem")
        )
        assert client.get("/readyz").json()["parts"]["keys"] == "failed"

    def test_the_embedded_brokers_folder_must_be_writable(self, monkeypatch, tmp_path):
        folders = dict.fromkeys(("data_folder_in", "data_folder_out"), str(tmp_path))
        embedded = Celery(broker="filesystem://localhost", set_as_current=False)
        embedded.conf.broker_transport_options = folders
        monkeypatch.setattr(parts, "current_app", embedded)
        parts.broker()
        monkeypatch.setattr(os, "access", lambda *_: False)
        with pytest.raises(NotWell, match="written"):
            parts.broker()


class TestWhatStrangersLearn:
    @pytest.mark.parametrize("path", ["/healthz", "/readyz"])
    def test_no_cookie_nothing_kept_nothing_of_us(self, client, path):
        answer = client.get(path)
        assert not answer.cookies
        assert "no-store" in answer["Cache-Control"]
        assert "Server" not in answer
        assert "Vary" not in answer

    @pytest.mark.parametrize("path", ["/healthz", "/readyz"])
    def test_posting_changes_nothing(self, client, path):
        assert client.post(path).status_code == 405

    @pytest.mark.parametrize("path", ["/healthz/", "/healthzz", "/x/healthz"])
    def test_only_these_very_addresses(self, client, path):
        assert client.get(path).status_code == 404

    @pytest.mark.parametrize("path", ["/healthz", "/readyz"])
    def test_a_probe_from_inside_needs_neither_https_nor_our_name(self, settings, path):
        settings.SECURE_SSL_REDIRECT = True
        settings.ALLOWED_HOSTS = ["xiangji.example"]
        inside = Client(headers={"host": "10.0.0.7:8000"})
        assert inside.get(path).status_code == 200
        # The same door, for people: a control that both settings are in force.
        assert inside.get("/villages/").status_code in {301, 400}


class TestAsking:
    def test_parts_are_asked_side_by_side(self):
        """Each waits for the other; one after the other none would come back."""
        meet = meeting(2)
        parts = [Part(name, meet.wait, seconds=20) for name in "ab"]
        assert Readiness(parts).report().status == "ready"

    def test_one_that_hangs_is_slow_and_is_not_started_again(self):
        started = []
        let_go = threading.Event()

        def hang():
            started.append(1)
            let_go.wait(60)

        asked = Readiness([Part("hangs", hang, seconds=0.05), Part("well", bool)])
        for _ in range(3):
            report = asked.report()
            assert report.parts == {"hangs": "slow", "well": "ok"}
            assert report.status == "unready"
        assert len(started) == 1
        let_go.set()
        asked._running["hangs"].result(timeout=60)
        assert asked.report().parts["hangs"] == "ok"
        assert len(started) == 2

    def test_an_answer_holds_for_a_moment(self, monkeypatch):
        count = []
        asked = Readiness([Part("counted", lambda: count.append(1))])
        monkeypatch.setattr(asking, "ANSWER_HOLDS_SECONDS", 60.0)
        for _ in range(5):
            asked.report()
        assert len(count) == 1
        monkeypatch.setattr(asking, "ANSWER_HOLDS_SECONDS", 0.0)
        asked.report()
        assert len(count) == 2

    @pytest.mark.parametrize("error", [TimeoutError, DatabaseError, SystemExit])
    def test_whatever_a_check_raises_is_its_own_fault(self, error):
        def fail():
            raise error

        asked = Readiness([Part("bad", fail), Part("good", bool)])
        assert asked.report().parts == {"bad": "failed", "good": "ok"}

    def test_no_connection_stays_behind(self, django_assert_num_queries):
        before = threading.active_count()
        readiness.report()
        assert threading.active_count() <= before
