"""After a few failures nobody asks for a while, whichever process found out."""

import subprocess
import sys
import threading

import pytest
from django.core.cache import cache

from shop.discovery import breaker as module
from shop.discovery.breaker import Breaker, Resting
from tests.races import meeting


class Down(Exception):
    pass


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    cache.clear()
    yield Clock()
    cache.clear()


@pytest.fixture
def breaker(clock):
    return Breaker("test", counts=Down, failures=3, rest_seconds=5, clock=clock)


def fail(breaker, times=1):
    for _time in range(times):
        with pytest.raises(Down), breaker.guard():
            raise Down


def ask(breaker):
    """Whether the call went through."""
    try:
        with breaker.guard():
            return True
    except Resting:
        return False


class TestOpening:
    def test_lets_calls_through_until_enough_failed(self, breaker):
        fail(breaker, 2)
        assert ask(breaker)
        fail(breaker, 3)
        assert not ask(breaker)
        assert breaker.is_open()

    def test_only_failures_in_a_row_count(self, breaker):
        for _round in range(5):
            fail(breaker, 2)
            assert ask(breaker)
        assert not breaker.is_open()

    def test_other_errors_are_answers(self, breaker):
        for _time in range(5):
            with pytest.raises(KeyError), breaker.guard():
                raise KeyError
        assert ask(breaker)

    def test_another_ones_failures_are_not_ours(self, breaker, clock):
        fail(breaker, 3)
        assert ask(Breaker("other", counts=Down, clock=clock))


class TestClosing:
    def test_rests_then_probes_then_goes_on(self, breaker, clock):
        fail(breaker, 3)
        clock.now += 4.9
        assert not ask(breaker)
        clock.now += 0.2
        assert ask(breaker)
        assert not breaker.is_open()
        # Closed for good: one failure does not open it again.
        fail(breaker)
        assert ask(breaker)

    def test_a_probe_that_fails_lets_it_rest_again(self, breaker, clock):
        fail(breaker, 3)
        clock.now += 6
        fail(breaker)
        assert not ask(breaker)
        clock.now += 4.9
        assert not ask(breaker)
        clock.now += 0.2
        assert ask(breaker)

    def test_one_probes_and_the_others_go_on_without(self, breaker, clock):
        fail(breaker, 3)
        clock.now += 6
        gate = meeting(8)
        through, leave = [], threading.Event()

        def call():
            gate.wait()
            try:
                with breaker.guard():
                    through.append(True)
                    leave.wait(20)
            except Resting:
                through.append(False)
                if through.count(False) == 7:
                    leave.set()

        threads = [threading.Thread(target=call) for _each in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(through) == [False] * 7 + [True]

    def test_a_probe_that_died_does_not_hold_it_open_for_ever(
        self, breaker, clock, monkeypatch
    ):
        breaker.probe_seconds = 0.001
        fail(breaker, 3)
        clock.now += 6
        probing, _failed = breaker._enter()
        assert probing
        threading.Event().wait(0.01)
        assert ask(breaker)


class TestBetweenProcesses:
    def test_what_one_found_out_the_others_know(self, breaker, clock):
        other = Breaker("test", counts=Down, failures=3, clock=clock)
        fail(breaker, 2)
        fail(other)
        assert not ask(breaker)
        assert not ask(other)

    def test_another_process_knows_it_too(self, settings, tmp_path, clock):
        """Through a cache of files, which any two processes have."""
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
                "LOCATION": str(tmp_path),
            }
        }
        program = (
            "import django; from django.conf import settings\n"
            f"settings.configure(CACHES={settings.CACHES!r})\n"
            "django.setup()\n"
            "from shop.discovery.breaker import Breaker, Resting\n"
            "breaker = Breaker('files', counts=OSError, clock=lambda: 1e6)\n"
            "try:\n"
            "    with breaker.guard(): print('through')\n"
            "except Resting: print('resting')\n"
        )

        def elsewhere():
            done = subprocess.run(
                [sys.executable, "-c", program],
                capture_output=True,
                text=True,
                check=True,
            )
            return done.stdout.strip()

        assert elsewhere() == "through"
        fail(Breaker("files", counts=Down, clock=clock), 3)
        assert elsewhere() == "resting"

    def test_without_the_cache_a_process_knows_it_by_itself(
        self, breaker, clock, monkeypatch
    ):
        class Broken:
            def __getattr__(self, name):
                raise ConnectionError("no cache")

        monkeypatch.setattr(module, "cache", Broken())
        fail(breaker, 3)
        assert not ask(breaker)
        clock.now += 6
        assert ask(breaker)

    def test_without_a_cache_that_keeps_anything_too(self, breaker, clock, monkeypatch):
        """As the shared cache answers while it is away: like an empty one."""

        class Empty:
            def __getattr__(self, name):
                answers = {"add": True, "get_many": {}, "get": None, "delete": False}
                return lambda *_: answers.get(name)

        monkeypatch.setattr(module, "cache", Empty())
        fail(breaker, 3)
        assert not ask(breaker)
        clock.now += 6
        assert ask(breaker)

    def test_asks_the_cache_once_where_all_is_well(self, breaker, monkeypatch):
        asked = []

        class Counting:
            def __getattr__(self, name):
                asked.append(name)
                return getattr(cache, name)

        monkeypatch.setattr(module, "cache", Counting())
        assert ask(breaker)
        assert asked == ["get_many"]
