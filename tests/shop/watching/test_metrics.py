"""What Prometheus reads: true figures, of nobody, for nobody else."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from partners.ledger.operations import Line, check_ledger, post, seal_entries
from shop.discovery.breaker import Breaker
from shop.discovery.engine import SearchUnavailable
from shop.discovery.models import Outdated
from shop.discovery.queries import Search, find
from shop.notices.operations import send_text
from shop.ordering import operations as ordering
from shop.watching import metrics, queues
from shop.watching.exposition import exposition
from tests.factories.listings import assistant, farmer
from tests.factories.people import SOME_DAY, new_phone
from tests.factories.places import load_places
from tests.factories.traceability import new_label
from tests.shop.ordering.test_place_order import basket_with, place
from traceability import codes
from traceability.operations import print_labels, prints

pytestmark = pytest.mark.django_db
TOKEN = "test-only-0123456789-0123456789-0123456789"


def shown() -> dict[tuple[str, ...], float]:
    """Every sample: its name and label values, and what it says."""
    families = text_string_to_metric_families(exposition().decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def post_one(key: str, at=None) -> None:
    post(
        key=key,
        kind="test",
        subject="test",
        at=at or timezone.now(),
        lines=[Line("alipay:clearing", 100), Line("platform:fee", -100)],
    )


class TestWhoMayRead:
    def test_this_machine(self, client):
        answer = client.get("/metrics")
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain; version=")
        assert not answer.cookies

    @pytest.mark.parametrize("address", ["10.0.0.3", "203.0.113.9", "::2", "nonsense"])
    def test_nobody_else(self, client, address):
        answer = client.get("/metrics", REMOTE_ADDR=address)
        assert answer.status_code == 403
        assert b"xiangji_" not in answer.content

    @pytest.mark.parametrize("address", ["127.0.0.1", "127.8.0.1", "::1"])
    def test_by_any_of_its_own_addresses(self, client, address):
        assert client.get("/metrics", REMOTE_ADDR=address).status_code == 200

    @pytest.mark.parametrize(
        "header",
        ["X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"],
    )
    def test_a_proxy_on_this_machine_is_not_this_machine(self, client, header):
        assert client.get("/metrics", headers={header: "x"}).status_code == 403

    def test_whoever_brings_the_token(self, client, settings):
        settings.METRICS_TOKEN = TOKEN
        far = {"REMOTE_ADDR": "10.0.0.3", "HTTP_X_FORWARDED_FOR": "10.0.0.3"}
        for scheme in ("Bearer", "bearer"):
            asked = client.get(
                "/metrics", HTTP_AUTHORIZATION=f"{scheme} {TOKEN}", **far
            )
            assert asked.status_code == 200

    @pytest.mark.parametrize("brought", ["", "Bearer", f"Basic {TOKEN}", "Bearer x"])
    def test_nobody_with_another(self, client, settings, brought):
        settings.METRICS_TOKEN = TOKEN
        asked = client.get(
            "/metrics", REMOTE_ADDR="10.0.0.3", HTTP_AUTHORIZATION=brought
        )
        assert asked.status_code == 403

    @pytest.mark.parametrize("brought", ["Bearer", "Bearer "])
    def test_an_empty_token_opens_nothing_where_none_is_set(
        self, client, settings, brought
    ):
        settings.METRICS_TOKEN = ""
        asked = client.get(
            "/metrics", REMOTE_ADDR="10.0.0.3", HTTP_AUTHORIZATION=brought
        )
        assert asked.status_code == 403


class TestFromTheDatabase:
    def test_orders_by_state(self, hanshou, oranges):
        load_places("430104")
        before = shown()
        assert before["xiangji_orders", "paid"] == 0
        order = place(basket_with((oranges, 1)))
        assert shown()["xiangji_orders", "pending"] == 1
        assert shown()["xiangji_payments", "pending"] == 1
        ordering.mark_paid(order_number=order.number, at=SOME_DAY)
        after = shown()
        assert after["xiangji_orders", "pending"] == 0
        assert after["xiangji_orders", "paid"] == 1

    def test_postings_are_counted_sealed_or_not(self):
        for key in "abc":
            post_one(key)
        assert shown()["xiangji_ledger_entries_total",] == 3
        assert shown()["xiangji_ledger_unsealed",] == 3
        seal_entries(at=timezone.now())
        post_one("d")
        assert shown()["xiangji_ledger_entries_total",] == 4
        assert shown()["xiangji_ledger_unsealed",] == 1

    def test_the_last_check(self):
        assert ("xiangji_ledger_in_order",) not in shown()
        check_ledger(at=timezone.now() - timedelta(hours=2))
        found = shown()
        assert found["xiangji_ledger_in_order",] == 1
        assert 7200 <= found["xiangji_ledger_check_age_seconds",] < 7300

    def test_without_a_database_the_rest_is_still_told(self, monkeypatch):
        def gone(now):
            raise DatabaseError("gone")

        metrics.search_fell_back()
        monkeypatch.setitem(queues.QUEUES, "texts", gone)
        found = shown()
        assert found["xiangji_database_readable",] == 0
        assert found["xiangji_search_fallbacks_total",] >= 1
        assert ("xiangji_orders", "paid") not in found


class TestQueues:
    @pytest.fixture
    def now(self):
        return timezone.now()

    def age(self, queue, now):
        return queues.waiting(now=now)[queue]

    def test_nothing_waits_at_first(self, now):
        assert set(queues.waiting(now=now).values()) == {(0, timedelta())}

    def test_a_text_is_as_old_as_its_next_try(self, now):
        send_text(
            phone=new_phone(),
            template="login_code",
            params={"code": "123456"},
            at=now - timedelta(minutes=9),
            key="a",
        )
        assert self.age("texts", now) == (1, timedelta(minutes=9))
        assert self.age("texts", now - timedelta(minutes=10)) == (0, timedelta())

    def test_a_document_since_it_is_outdated(self, now):
        for product_id, minutes in ((1, 3), (2, 8)):
            Outdated.objects.create(
                product_id=product_id, since=now - timedelta(minutes=minutes)
            )
        assert self.age("search", now) == (2, timedelta(minutes=8))

    def test_an_entry_of_the_past_has_not_waited_since_then(self, now):
        """Posted just now about last year; sealing has only now missed it."""
        post_one("first", at=now - timedelta(days=400))
        assert self.age("seals", now)[0] == 1
        seal_entries(at=now - timedelta(minutes=2))
        post_one("second", at=now - timedelta(days=300))
        assert self.age("seals", now) == (1, timedelta(minutes=2))

    def test_a_line_of_the_log_until_a_checkpoint_covers_it(
        self, now, farmer_wang, assistant_zhao, settings, tmp_path
    ):
        from traceability.operations import publish_log

        settings.LOG_FOLDER = tmp_path
        new_label(farmer=farmer_wang, by=assistant_zhao.user)
        assert self.age("log", now)[0] > 0
        publish_log(at=now)
        assert self.age("log", now) == (0, timedelta())
        assert shown()["xiangji_log_published",] == shown()["xiangji_log_lines_total",]

    def test_an_order_whose_time_to_pay_is_over(self, hanshou, oranges):
        load_places("430104")
        order = place(basket_with((oranges, 1)))
        over = order.purchase.expires_at
        assert self.age("unpaid", over - timedelta(seconds=1))[0] == 0
        late = over + timedelta(minutes=5)
        assert self.age("unpaid", late) == (1, timedelta(minutes=5))
        assert self.age("payments", late)[0] == 1

    def test_a_print_since_it_was_asked_for_or_its_worker_died(
        self, now, farmer_wang, assistant_zhao, monkeypatch
    ):
        monkeypatch.setattr(prints, "FEW", 0)
        by = assistant_zhao.user
        batch = new_label(farmer=farmer_wang, by=by).batch
        job = print_labels(
            batch=batch,
            paper="50x30",
            first=batch.first_number,
            last=batch.last_number,
            by=by,
            at=now - timedelta(minutes=4),
        ).job
        assert self.age("prints", now) == (1, timedelta(minutes=4))
        job.leased_until = now - timedelta(minutes=1)
        job.save()
        assert self.age("prints", now) == (1, timedelta(minutes=1))
        job.leased_until = now + timedelta(minutes=1)
        job.save()
        assert self.age("prints", now)[0] == 0

    def test_every_job_of_the_beat_that_works_on_rows_has_its_queue(self, settings):
        """A new round needs a figure, or a line in here that says why not."""
        without = {
            "users.tasks.forget_old_logins": "tidies up",
            "ordering.tasks.forget_old_drafts": "tidies up",
            "discovery.tasks.reconcile_index": "looks for what search has missed",
            "logistics.tasks.ask_about_quiet_parcels": "pushes bring news, mostly",
            "alipay.tasks.reconcile_yesterday": "reconciliation_differences",
            "ledger.tasks.check_ledger": "ledger_check_age_seconds",
            "ledger.tasks.export_ledger": "a copy for others",
            "storefront.tasks.bring_harvests_forward": "by the calendar",
            "settlement.tasks.file_last_months_statements": "by the calendar",
            "traceability.tasks.gather_cosignatures": "witnesses are asked again",
            "traceability.tasks.watch_log": "log_alarms",
            "traceability.tasks.forget_prints": "tidies up",
        }
        measured = {
            "discovery.tasks.index_outdated": ["search"],
            "notices.tasks.deliver_due_texts": ["texts"],
            "traceability.tasks.publish_log": ["log"],
            "logistics.tasks.resume_bookings": ["bookings"],
            "ordering.tasks.complete_overdue_orders": ["settlement"],
            "alipay.tasks.resolve": ["payments", "refunds", "unpaid"],
            "ledger.tasks.seal_entries": ["seals"],
            "recalls.tasks.tell_of_recalls": ["recalls"],
            "traceability.tasks.resume_prints": ["prints"],
        }
        asked = {
            entry["task"].removeprefix("shop.").removeprefix("partners.")
            for entry in settings.CELERY_BEAT_SCHEDULE.values()
        }
        assert asked == set(without) | set(measured)
        assert set(queues.QUEUES) == {q for names in measured.values() for q in names}


class TestFromTheProcesses:
    def test_requests_by_route_and_status(self, client):
        key = "xiangji_request_seconds_count", "storefront:villages", "200"
        before = shown().get(key, 0)
        for _ in range(3):
            client.get("/villages/")
        assert shown()[key] == before + 3

    def test_no_address_is_a_label(self, client):
        client.get("/orders/26090100000001/Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4/")
        client.get("/nowhere/13800138000/")
        text = exposition().decode()
        assert "Zm9v" not in text
        assert "13800138000" not in text

    def test_scans_by_verdict(self, client):
        def count(verdict):
            return shown().get(("xiangji_scans_total", verdict), 0)

        label = new_label(farmer=farmer(), by=assistant().user)
        code = codes.code_of(label.pk)
        before = {v: count(v) for v in ("first", "again", "genuine", "tampered")}
        client.get(f"/T/{code}")
        assert count("genuine") == before["genuine"]
        client.post(f"/T/{code}/seen/", {"device": "0" * 32})
        forged = f"{code[:-1]}{'A' if code[-1] != 'A' else 'B'}"
        client.get(f"/T/{forged}")
        client.head(f"/T/{forged}")
        assert count("tampered") == before["tampered"] + 1
        assert count("first") == before["first"] + 1

    def test_searches_that_the_database_answered(self):
        class Broken:
            def search(self, query):
                raise SearchUnavailable("no server")

        before = shown().get(("xiangji_search_fallbacks_total",), 0)
        find(Search(text="橙"), engine=Broken())
        assert shown()["xiangji_search_fallbacks_total",] == before + 1

    def test_jobs_by_outcome(self):
        from shop.users.tasks import forget_old_logins

        key = (
            "xiangji_job_seconds_count",
            "success",
            "shop.users.tasks.forget_old_logins",
        )
        before = shown().get(key, 0)
        forget_old_logins.delay()
        assert shown()[key] == before + 1


# Counts once, says which files it used, and stays until its input ends.
WORKER = """
import os, sys, django
django.setup()
from shop.watching import metrics
metrics.search_fell_back()
print(metrics.slot(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def processes(tmp_path):
    """Starts processes that count into one folder, as workers of one machine do."""
    started = []
    env = {
        **os.environ,
        "XIANGJI_VAR": str(tmp_path),
        "XIANGJI_METRICS": str(tmp_path / "metrics"),
        "DJANGO_SETTINGS_MODULE": "shop.config.settings.local",
    }

    def start():
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.communicate(timeout=60)


class TestBreakers:
    def test_one_that_rests_is_seen_and_one_that_answers_again(self):
        clock = [1000.0]
        breaker = Breaker("unwell", counts=SearchUnavailable, clock=lambda: clock[0])
        assert shown()["xiangji_breaker_open", "unwell"] == 0
        for _ in range(breaker.failures):
            with pytest.raises(SearchUnavailable), breaker.guard():
                raise SearchUnavailable
        assert shown()["xiangji_breaker_open", "unwell"] == 1
        clock[0] += breaker.rest_seconds
        with breaker.guard():
            pass
        assert shown()["xiangji_breaker_open", "unwell"] == 0

    def test_those_of_the_configured_engine_are_there_before_anybody_searched(
        self, settings
    ):
        settings.SEARCH_ENGINE = settings.SEARCH_ENGINES["elasticsearch"]
        settings.ELASTICSEARCH_NODES = ["http://127.0.0.1:9"]
        settings.ELASTICSEARCH_PREFIX = "watched"
        seen = {name[1] for name in shown() if name[0] == "xiangji_breaker_open"}
        assert {"search.watched", "index.watched"} <= seen


class TestBackups:
    def test_the_newest_whole_one_tells_its_age(self, settings, tmp_path):
        settings.BACKUPS = tmp_path
        for name, age in (("xiangji-1", 90_000), ("xiangji-2", 4_000), (".half-3", 1)):
            (tmp_path / name).mkdir()
            manifest = tmp_path / name / "manifest.json"
            manifest.touch()
            then = timezone.now().timestamp() - age
            os.utime(manifest, (then, then))
        assert shown()[("xiangji_backup_age_seconds",)] == pytest.approx(4_000, abs=60)

    def test_without_one_nothing_is_said(self, settings, tmp_path):
        settings.BACKUPS = tmp_path / "none"
        assert ("xiangji_backup_age_seconds",) not in shown()


class TestArchive:
    @pytest.mark.only_on("postgresql", reason="SQLite archives nothing")
    @pytest.mark.parametrize(
        ("archived", "failed", "failing"),
        [
            (None, None, 0),
            ("09:00", None, 0),
            (None, "09:00", 1),
            ("09:00", "09:01", 1),
            ("09:01", "09:00", 0),
        ],
    )
    def test_a_failure_counts_until_something_was_kept(self, archived, failed, failing):
        with connection.cursor() as cursor:
            # Temporary tables are found before the catalogue's own views.
            cursor.execute(
                "CREATE TEMPORARY TABLE pg_stat_archiver ON COMMIT DROP AS SELECT"
                " %s::timestamptz AS last_archived_time,"
                " %s::timestamptz AS last_failed_time",
                [time and f"2026-11-26 {time}+08" for time in (archived, failed)],
            )
        assert shown()[("xiangji_database_archive_failing",)] == failing

    def test_the_figure_is_there_on_every_database(self):
        assert ("xiangji_database_archive_failing",) in shown()


class TestManyProcesses:
    def total(self, folder):
        from prometheus_client import CollectorRegistry
        from prometheus_client.multiprocess import MultiProcessCollector

        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(folder))
        return registry.get_sample_value("xiangji_search_fallbacks_total")

    def test_are_added_up_also_when_they_are_killed(self, processes, tmp_path):
        folder = tmp_path / "metrics"
        first, one = processes()
        _second, other = processes()
        assert {one, other} == {"0", "1"}
        assert self.total(folder) == 2
        first.kill()
        first.wait()
        _third, again = processes()
        assert again == one
        assert self.total(folder) == 3
        assert len(list(folder.glob("counter_*.db"))) == 2
