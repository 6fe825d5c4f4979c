"""Lines on the console: whole, in order, those of answers a moment later."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from shop.watching import console, request_ids
from shop.watching.logs import JsonLines
from tests.races import at_once

PROCESS = """
import logging, os
from shop.watching import console
handler, log = console.Console(), logging.getLogger("told")
handler.setFormatter(logging.Formatter("%(message)s"))
logging.basicConfig(level="INFO", handlers=[handler])
console.LONGEST_WAIT = 60
"""
log = logging.getLogger("told")


@contextmanager
def told_to(handler: logging.Handler) -> Iterator[None]:
    log.addHandler(handler)
    log.propagate, level = False, log.level
    log.setLevel(logging.INFO)
    yield
    log.removeHandler(handler)
    log.propagate = True
    log.setLevel(level)


@pytest.fixture
def screen() -> Iterator[int]:
    """The end of a pipe at which the console's lines come out."""
    out, into = os.pipe()
    handler = console.Console(into)
    handler.setFormatter(JsonLines())
    with told_to(handler):
        yield out
    # Nothing is left for a thread to write when another file has this number.
    handler.flush()
    os.close(into)
    os.close(out)


def lines(screen: int) -> list[dict]:
    return [json.loads(line) for line in os.read(screen, 1 << 16).splitlines()]


class TestTell:
    def test_says_what_info_says(self, screen: int) -> None:
        log.info("x", extra={"route": "home", "status": 200, "ms": 0.5})
        (usual,) = lines(screen)
        console.tell(log, "x", route="home", status=200, ms=0.5)
        (told,) = lines(screen)
        assert told | {"timestamp": ""} == usual | {"timestamp": ""}

    def test_names_the_request_it_was_told_in(self, screen: int) -> None:
        token = request_ids.begin(request_id="a" * 32)
        console.tell(log, "x")
        request_ids.end(token)
        (told,) = lines(screen)
        assert told["request_id"] == "a" * 32

    def test_says_nothing_where_nobody_listens(self, screen: int) -> None:
        log.setLevel(logging.WARNING)
        console.tell(log, "x")
        log.warning("y")
        assert [line["event"] for line in lines(screen)] == ["y"]


class TestConsole:
    def test_keeps_the_order(self, screen: int, monkeypatch: Any) -> None:
        monkeypatch.setattr(console, "LONGEST_WAIT", 60)
        console.tell(log, "first")
        console.tell(log, "second")
        log.error("third")
        events = [line["event"] for line in lines(screen)]
        assert events == ["first", "second", "third"]

    def test_loses_none_of_many_threads(self, screen: int) -> None:
        at_once(*(partial(console.tell, log, f"{n}") for n in range(12)))
        found: set[str] = set()
        while len(found) < 12:
            found |= {line["event"] for line in lines(screen)}
        assert found == {f"{n}" for n in range(12)}

    def test_names_the_request_whichever_thread_writes(
        self, screen: int, monkeypatch: Any
    ) -> None:
        handler = next(it for it in log.handlers if type(it) is console.Console)
        token = request_ids.begin(request_id="a" * 32)
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(handler, "flush", lambda: None)
            log.error("x")
        request_ids.end(token)
        at_once(handler.flush)
        (told,) = lines(screen)
        assert told["request_id"] == "a" * 32

    def test_goes_on_after_a_line_that_cannot_be_made(
        self, screen: int, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(logging, "raiseExceptions", False)
        log.info("%d", "no number")
        log.info("next")
        assert [line["event"] for line in lines(screen)] == ["next"]

    def test_lets_nobody_fail_where_nobody_reads(self) -> None:
        out, into = os.pipe()
        os.close(out)
        with told_to(console.Console(into)):
            log.error("x")
        os.close(into)

    @pytest.mark.parametrize(("most", "written"), [(2, 2), (3, 0)])
    def test_writes_where_many_wait(
        self, screen: int, monkeypatch: Any, most: int, written: int
    ) -> None:
        monkeypatch.setattr(console, "LONGEST_WAIT", 60)
        monkeypatch.setattr(console, "MOST_WAITING", most)
        os.set_blocking(screen, False)
        console.tell(log, "x")
        console.tell(log, "y")
        try:
            found = len(lines(screen))
        except BlockingIOError:
            found = 0
        assert found == written


class TestProcess:
    """A whole process, that waits a minute before it writes if nobody makes it."""

    def run(self, script: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", PROCESS + script],
            env=os.environ | {"DJANGO_SETTINGS_MODULE": ""},
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        return done.stderr.split()

    def test_writes_what_waits_when_it_ends(self) -> None:
        assert self.run("console.tell(log, 'last')") == ["last"]

    def test_takes_what_waits_with_it_when_it_is_killed(self) -> None:
        # The negative control: it does wait.
        assert self.run("console.tell(log, 'last'); os._exit(0)") == []

    def test_leaves_a_parents_lines_to_the_parent(self) -> None:
        script = """
console.tell(log, "parent")
if child := os.fork():
    os.waitpid(child, 0)
else:
    console.tell(log, "child")
    handler.flush()
    os._exit(0)
"""
        assert self.run(script) == ["child", "parent"]
