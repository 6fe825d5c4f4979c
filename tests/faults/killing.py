"""Killing a process at every step of what it does, as `kill -9` would.

A step is every moment at which something outside the process is about to change or
has just changed: before each statement, before and after each commit, each file that
is put in its place, each question to Alipay. That is every boundary there is, so no
code of ours needs to name them, and a new statement is covered the day it is written.
"""

import faulthandler
import os
import signal
import socket
import socketserver
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

Subject = TypeVar("Subject")
MOST_STEPS = 400
PATIENCE_SECONDS = 120


class Failed(AssertionError):
    """The child did not die where it was told to: it failed by itself."""


def each_death(
    *,
    prepare: Callable[[], Subject],
    act: Callable[[Subject], object],
    recover: Callable[[Subject], object],
) -> int:
    """Kill `act` at its first step, at its second, … until it lives to its end.

    Each time `prepare` makes what is acted upon, a child process acts and dies, and
    `recover` does what beat and people do afterwards, and checks. Returns how many
    deaths there were.
    """
    for step in range(1, MOST_STEPS):
        subject = prepare()
        lived = lives(step, lambda subject=subject: act(subject))
        recover(subject)
        if lived:
            return step - 1
    raise Failed(f"more than {MOST_STEPS} steps")


def deaths_until(act: Callable[[], object], is_done: Callable[[], bool]) -> int:
    """Kill `act` at its first step, its second, … until `is_done` says so.

    For what is all or nothing: as long as it is not done, nothing may have changed,
    and the same thing is tried again. Returns how many deaths it took.
    """
    for step in range(1, MOST_STEPS):
        lived = lives(step, act)
        if is_done():
            return step - lived
        if lived:
            raise Failed("it lived to its end and is not done")
    raise Failed(f"more than {MOST_STEPS} steps")


def lives(step: int, act: Callable[[], object]) -> bool:
    """Run `act` in a child that is killed at its `step`-th step; whether it lived.

    Errors: Failed where it raised instead.
    """

    def be_killed() -> None:
        with dying_at(step):
            act()

    status, words = in_child(be_killed)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    if status or words:
        raise Failed(words or f"it ended with status {status}")
    return True


def in_child(
    act: Callable[[], object], *, seconds: float = PATIENCE_SECONDS
) -> tuple[int, str]:
    """Run `act` in a process of its own: how that ended, and what it raised.

    One that has not ended after `seconds` is ended, and says where it stood.
    """
    connections.close_all()  # a connection does not survive being shared
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        # No watchdog thread: the parent's may hold its lock, and it is not here.
        faulthandler.register(signal.SIGALRM, file=writer, chain=True)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            act()
        except BaseException:
            os.write(writer, traceback.format_exc().encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as told:
        words = told.read()
    _, status = os.waitpid(child, 0)
    return status, words


_steps: Iterator[int] = count(1)
_last = 0


def reach() -> None:
    """One step further; the last one is not survived."""
    if next(_steps) == _last:
        os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def dying_at(step: int) -> Iterator[None]:
    """Count statements and commits of this process, and die at number `step`."""
    global _steps, _last
    _steps, _last = count(1), step
    commit = BaseDatabaseWrapper._commit

    def committing(self: BaseDatabaseWrapper) -> Any:
        reach()
        done = commit(self)
        reach()
        return done

    replace = Path.replace

    def replacing(self: Path, target: Path) -> Path:
        reach()
        done = replace(self, target)
        reach()
        return done

    def executing(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        reach()
        return execute(sql, params, many, context)

    with ExitStack() as stack:
        stack.enter_context(patch.object(BaseDatabaseWrapper, "_commit", committing))
        stack.enter_context(patch.object(Path, "replace", replacing))
        stack.enter_context(connection.execute_wrapper(executing))
        yield


class Elsewhere:
    """Somebody outside this process who goes on when it dies: answers `send`.

    A thread of the parent answers, one asker after the other, so that what was done
    there stays done, as it does at Alipay's. Everybody asks on a line of their own:
    on a shared one, two who ask at once would read each other's answers.
    """

    def __init__(self, answer: Callable[[str, str], bytes]) -> None:
        class Answering(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                url, body = self.rfile.read().decode().split("\t")
                try:
                    said = answer(url, body)
                except Exception:
                    said = b"what it does not know it answers with nonsense"
                self.wfile.write(said)

        class OneAfterTheOther(socketserver.TCPServer):
            request_queue_size = 100

        self._server = OneAfterTheOther(("127.0.0.1", 0), Answering)
        threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        ).start()

    def send(self, url: str, body: str) -> bytes:
        """Ask, from whichever thread of whichever process."""
        reach()
        with socket.create_connection(
            self._server.server_address, timeout=PATIENCE_SECONDS
        ) as line:
            line.sendall(f"{url}\t{body}".encode())
            line.shutdown(socket.SHUT_WR)
            with line.makefile("rb") as answer:
                said = answer.read()
        reach()
        return said

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
