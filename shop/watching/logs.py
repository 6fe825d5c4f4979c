"""What a log line looks like: JSON for machines, one plain line for people.

Every module logs through the standard library. Shaped here and by no library, because
every answer writes a line and most answers take a tenth of a millisecond
(docs/decisions/0090).
"""

import json
import logging
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring
from math import isfinite
from typing import Any

from django.urls import ResolverMatch

from shop.watching.redaction import clean, clean_value
from shop.watching.request_ids import running

# What a line may carry beside its message. Anything else that a library attaches (a
# job's arguments, a whole request) stays outside.
CARRIED = ("method", "route", "status", "ms", "outcome", "part")
# Nobody reads where in the source a line was written; to find out costs more than all
# the rest. Source: Python's logging HOWTO, "Optimization".
logging._srcfile = None  # type: ignore[attr-defined]
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
# What ran when a line was told that another thread may write.
RUNNING = "names"
_encode = json.JSONEncoder(ensure_ascii=False).encode


@lru_cache(maxsize=4)
def _second(whole: int) -> str:
    return datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class _Lines(logging.Formatter):
    """Collects a line; what looks personal is taken out of all that was handed in."""

    def parts(self, record: logging.LogRecord) -> dict[str, Any]:
        """Time, level, logger and event first, then what runs, then what it carries."""
        whole, part = divmod(record.created, 1)
        line: dict[str, Any] = {
            "timestamp": f"{_second(int(whole))}.{int(part * 1000):03d}+00:00",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": clean(_without_address(record)),
            # Ours and well-formed; hexadecimal digits can look like a phone's.
            **(record.__dict__.get(RUNNING) or running()),
        }
        for name in CARRIED:
            if name in record.__dict__:
                line[name] = clean_value(record.__dict__[name])
        if record.exc_info:
            line["exception"] = clean(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = clean(self.formatStack(record.stack_info))
        return line


class JsonLines(_Lines):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        told = [f'"{name}": {_json(it)}' for name, it in self.parts(record).items()]
        return "{" + ", ".join(told) + "}"


class PlainLines(_Lines):
    """Time, level, logger, event, and the rest as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        line = self.parts(record)
        below = [line.pop(name) for name in ("exception", "stack") if name in line]
        head = [line.pop(name) for name in ("timestamp", "level", "logger", "event")]
        rest = [f"{name}={value}" for name, value in line.items()]
        return "\n".join([" ".join([*head, *rest]), *below])


def _json(value: Any) -> str:
    """As json does, which makes an encoder anew for every object."""
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is int or (kind is float and isfinite(value)):
        return repr(value)
    return _encode(value)


def _without_address(record: logging.LogRecord) -> str:
    """The message. Django names a request in it by its address, which may hold the key
    to somebody's page: its route stands there instead."""
    text = record.getMessage()
    request = getattr(record, "request", None)
    if hasattr(request, "path"):
        return text.replace(request.path, route_of(request))
    return text


def route_of(request: Any) -> str:
    """The name of the address that was asked for; "unmatched" where there is none."""
    return name_of(getattr(request, "resolver_match", None))


def name_of(match: ResolverMatch | None) -> str:
    """The name of an address that was found."""
    return match.view_name if match is not None else "unmatched"
