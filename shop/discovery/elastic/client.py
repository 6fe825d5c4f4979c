"""Reaching Elasticsearch: the client, its errors in our words, and a last moment."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from elasticsearch import ApiError, Elasticsearch, TransportError
from elasticsearch.exceptions import UnsupportedProductError

from shop.discovery.engine import SearchUnavailable

log = logging.getLogger(__name__)
T = TypeVar("T")
# A bulk of a few hundred documents takes a tenth of a second.
WRITING_SECONDS = 10.0
# What looks at the whole index is asked for by an operator, or at night.
WHOLE_SECONDS = 60.0
# So many may wait for an engine that hangs; whoever comes then goes on without.
MOST_WAITING = 32


class Unreachable(SearchUnavailable):
    """Nobody answers, not in time, or only to say that the cluster is not well."""


class NoIndex(SearchUnavailable):
    """The cluster answers, and has no index of our form."""


@dataclass(frozen=True)
class Place:
    """Where the cluster is, and who we are there. Its text shows no password."""

    nodes: tuple[str, ...]
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""

    def connect(self, *, patience: float) -> Elasticsearch:
        """A client that asks one node once; it connects when it is first used."""
        more: dict[str, Any] = {}
        if self.user:
            more["basic_auth"] = (self.user, self.password)
        if self.ca_file:
            more["ca_certs"] = self.ca_file
        return Elasticsearch(
            list(self.nodes),
            request_timeout=patience,
            max_retries=0,
            retry_on_timeout=False,
            **more,
        )


@contextmanager
def translated() -> Iterator[None]:
    """The client's errors as ours, without addresses and without what was asked."""
    try:
        yield
    except ApiError as error:
        raise failure(error.status_code, str(error.error)) from error
    except (TransportError, UnsupportedProductError) as error:
        raise Unreachable(type(error).__name__) from error
    except (LookupError, TypeError, ValueError) as error:
        # As from something else that listens there; or a mistake of ours, so tell it.
        log.exception("an answer of Elasticsearch cannot be read")
        raise SearchUnavailable("an answer that cannot be read") from error


def failure(status: int, reason: str) -> SearchUnavailable:
    """What an answer of this status means to us."""
    said = f"{status} {reason}"
    if status == 404:
        return NoIndex(said)
    if status == 429 or status >= 500:
        return Unreachable(said)
    return SearchUnavailable(said)


def answers(replies: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    """The answers of a multi-search. Errors: as of a single search that failed."""
    found: list[dict[str, Any]] = replies["responses"]
    for reply in found:
        if "error" in reply:
            raise failure(int(reply["status"]), str(reply["error"].get("type")))
        if reply.get("timed_out"):
            raise Unreachable("a node took too long")
    return found


_waiting = threading.Semaphore(MOST_WAITING)


def within(seconds: float, act: Callable[[], T]) -> T:
    """What `act` returns, if it does so in time. Errors: Unreachable, or its own.

    The client's time limit is for a single wait of a socket, and none for looking up a
    name; a server that sends a byte a second, or a name server that is silent, would
    hold a page for as long as it likes. So another thread waits, and we do not.
    """
    waiting = _waiting
    if not waiting.acquire(blocking=False):
        raise Unreachable("too many are waiting for it")
    done: SimpleQueue[tuple[bool, Any]] = SimpleQueue()

    def work() -> None:
        try:
            done.put((True, act()))
        except BaseException as error:
            done.put((False, error))
        finally:
            waiting.release()

    try:
        threading.Thread(target=work, name="search", daemon=True).start()
    except RuntimeError as error:
        waiting.release()
        raise Unreachable("no thread is left to wait for it") from error
    try:
        worked, outcome = done.get(timeout=seconds)
    except Empty:
        raise Unreachable(f"no answer within {seconds} s") from None
    if not worked:
        raise outcome
    result: T = outcome
    return result
