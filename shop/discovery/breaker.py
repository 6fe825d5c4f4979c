"""A breaker: after a few failures in a row, ask no more for a while.

Its state lies in the cache that all processes share, so that each of them does not
have to find out for itself, a second at a time. After the rest one caller probes; the
others go on without until it has worked. Where the cache itself fails, the process
keeps the state to itself.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import time
from typing import Any
from weakref import WeakValueDictionary

from django.core.cache import BaseCache, cache
from django.core.cache.backends.locmem import LocMemCache

log = logging.getLogger(__name__)
# Failures further apart than this have nothing to do with each other.
TOGETHER_SECONDS = 60
# Nobody may be left to close a breaker; its state must not stay for ever.
LONGEST_SECONDS = 3600
WITHOUT_CACHE_SECONDS = 30


# Every breaker of this process by its name, for whoever watches.
standing: WeakValueDictionary[str, "Breaker"] = WeakValueDictionary()


class Resting(Exception):
    """The breaker is open: do without."""


class Breaker:
    """Guards calls to one thing. `counts` is what a failing call raises."""

    def __init__(
        self,
        name: str,
        *,
        counts: type[Exception],
        failures: int = 3,
        rest_seconds: float = 5.0,
        probe_seconds: float = 5.0,
        clock: Callable[[], float] = time,
    ) -> None:
        self.name = name
        self.counts = counts
        self.failures = failures
        self.rest_seconds = rest_seconds
        self.probe_seconds = probe_seconds
        self.clock = clock
        self._shared = _Shared(name, clock)
        self._failed, self._open, self._probe = (
            f"breaker.{name}.{key}" for key in ("failed", "open", "probe")
        )
        standing[name] = self

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Call inside it. Raises Resting where it is better not to."""
        probing, failed_before = self._enter()
        try:
            yield
        except self.counts:
            self._note_failure(probing=probing)
            raise
        if probing:
            self._close()
        elif failed_before:
            self._shared.do("delete", self._failed)

    def is_open(self) -> bool:
        """Whether calls are refused now, or only let through to probe."""
        return self._shared.do("get", self._open) is not None

    def _enter(self) -> tuple[bool, bool]:
        """Whether this call probes, and whether calls failed before it."""
        known = self._shared.do("get_many", [self._open, self._failed]) or {}
        until = known.get(self._open)
        if until is None:
            return False, self._failed in known
        now = self.clock()
        if now < until:
            raise Resting(f"{self.name} rests for {until - now:.1f} s more")
        if not self._shared.do("add", self._probe, 1, self.probe_seconds):
            raise Resting(f"{self.name} is being probed")
        return True, True

    def _note_failure(self, *, probing: bool) -> None:
        if not probing:
            count = self._shared.count(self._failed)
            if count < self.failures:
                return
            log.warning("%s failed %d times and rests", self.name, count)
        until = self.clock() + self.rest_seconds
        self._shared.do("set", self._open, until, LONGEST_SECONDS)
        self._shared.do("delete_many", [self._failed, self._probe])

    def _close(self) -> None:
        log.warning("%s answers again", self.name)
        self._shared.do("delete_many", [self._open, self._failed, self._probe])


class _Shared:
    """The shared cache; while it fails, a memory of this process's own."""

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._own: BaseCache = LocMemCache(f"breaker.{name}", {})
        self._own_until = 0.0

    def do(self, what: str, *given: Any) -> Any:
        if self.clock() >= self._own_until:
            try:
                return getattr(cache, what)(*given)
            except ValueError:  # as `incr` says that there is no such key
                raise
            except Exception as error:  # each kind of cache has errors of its own
                self._do_without(type(error).__name__)
        return getattr(self._own, what)(*given)

    def count(self, key: str) -> int:
        """How often, with this time, it was counted lately."""
        self.do("add", key, 0, TOGETHER_SECONDS)
        # A cache that is away may answer as an empty one: then what was added a
        # moment ago is not there to be counted.
        if self.do("get", key) is None:
            self._do_without("it keeps nothing")
            self.do("add", key, 0, TOGETHER_SECONDS)
        try:
            counted: int = self.do("incr", key)
        except ValueError:  # somebody closed it just now
            return 0
        return counted

    def _do_without(self, why: str) -> None:
        log.warning("the breaker does without the cache: %s", why)
        self._own_until = self.clock() + WITHOUT_CACHE_SECONDS
