"""One name for all that a request makes happen, here and in the jobs it leaves."""

import random
import re
from collections.abc import Mapping
from contextvars import ContextVar, Token
from types import MappingProxyType

HEADER = "X-Request-ID"
NAME = "request_id"
# 32 hexadecimal digits (nginx's $request_id), or a UUID: nothing else gets into logs.
_WELL_FORMED = re.compile(r"[0-9A-Fa-f]{8}(-?)(?:[0-9A-Fa-f]{4}\1){3}[0-9A-Fa-f]{12}")

Names = Mapping[str, str]
_NOTHING: Names = MappingProxyType({})
_running: ContextVar[Names] = ContextVar("running", default=_NOTHING)


def accepted(text: str | None) -> str:
    """The name that was handed in if it is well-formed, else a new one."""
    if text and _WELL_FORMED.fullmatch(text):
        return text
    # Nobody gains by guessing one, and the kernel need not be asked.
    return f"{random.getrandbits(128):032x}"


def begin(**names: str) -> Token[Names]:
    """From now on every log line carries these."""
    return _running.set(names)


def end(token: Token[Names]) -> None:
    """Back to what ran before: a job may run inside of a request."""
    _running.reset(token)


def forget() -> None:
    """Nothing runs any more."""
    _running.set(_NOTHING)


def running() -> Names:
    """What log lines carry now; nothing outside of requests and jobs."""
    return _running.get()


def current() -> str:
    """The name of what runs now; "" outside of requests and jobs."""
    return running().get(NAME, "")
