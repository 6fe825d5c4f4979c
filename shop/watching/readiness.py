"""Whether this process could serve somebody now: every part is asked, side by side.

An answer names parts and nothing more; why one failed is in the log.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock, Thread
from time import monotonic

from django.db import connections

log = logging.getLogger(__name__)

# Whoever asks more often than this hears the last answer again.
ANSWER_HOLDS_SECONDS = 1.0


class NotWell(Exception):
    """A part answers, but not as it should."""


@dataclass(frozen=True)
class Part:
    """Something the shop stands on. `needed`: without it nobody can be served."""

    name: str
    check: Callable[[], None]
    seconds: float = 2.0
    needed: bool = True


@dataclass(frozen=True)
class Report:
    """Of every part "ok", "failed" or "slow", and what that means."""

    parts: dict[str, str]
    status: str

    @property
    def ready(self) -> bool:
        """Whether people may be sent here."""
        return self.status != "unready"


class Readiness:
    """Asks parts at once, each within its time; keeps no caller waiting longer.

    A check that hangs is not started a second time, so that asking costs a thread for
    each part at most, however long a part stays away.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        self._running: dict[str, Future[None]] = {}
        self._lock = Lock()
        self._last: tuple[float, Report] | None = None

    def report(self) -> Report:
        """How every part is, at most a second ago."""
        with self._lock:
            if self._last and monotonic() - self._last[0] < ANSWER_HOLDS_SECONDS:
                return self._last[1]
            report = self._ask()
            self._last = monotonic(), report
            return report

    def _ask(self) -> Report:
        began = monotonic()
        running = [(part, self._start(part)) for part in self.parts]
        found = {
            part.name: _outcome(part, future, began + part.seconds - monotonic())
            for part, future in running
        }
        bad = [part for part in self.parts if found[part.name] != "ok"]
        if any(part.needed for part in bad):
            return Report(found, "unready")
        return Report(found, "degraded" if bad else "ready")

    def _start(self, part: Part) -> "Future[None]":
        running = self._running.get(part.name)
        if running is None or running.done():
            running = self._running[part.name] = Future()
            Thread(
                target=_run,
                args=(part.check, running),
                name=f"readiness-{part.name}",
                daemon=True,
            ).start()
        return running


def _run(check: Callable[[], None], future: "Future[None]") -> None:
    try:
        try:
            check()
        finally:
            connections.close_all()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(None)


def _outcome(part: Part, future: "Future[None]", seconds: float) -> str:
    try:
        error = future.exception(timeout=max(seconds, 0))
    except TimeoutError:
        log.warning("no answer in time", extra={"part": part.name})
        return "slow"
    if error is None:
        return "ok"
    log.warning(
        "not well: %s: %s", type(error).__name__, error, extra={"part": part.name}
    )
    return "failed"
