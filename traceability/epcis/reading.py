"""From bytes that somebody sent to events that are what EPCIS 2.0 says.

What cannot be read at all is UnableToRead. What can be read is judged event by event,
first by GS1's schema and then by our own rules: see `validation`.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import jsonschema_rs
from django.utils.translation import gettext as _

from traceability.epcis.hashing import namespaces_of

MOST_BYTES = 2 * 1024 * 1024
MOST_EVENTS = 1_000
MOST_LEVELS = 24
# Kept with every event of a document and put before each of its names, what JSON-LD
# contexts say has to be short: small documents would become large ones.
MOST_CONTEXT = 8_000
LONGEST_MEANING = 250
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
# GS1 published the same context under these names.
_GS1_CONTEXTS = re.compile(
    r"https?://(?:ref\.gs1\.org/standards/epcis/(?:2\.\d\.\d/)?|gs1\.github\.io/EPCIS/)"
    r"epcis-context\.jsonld"
)
N = TypeVar("N", int, float)
_SCHEMAS = Path(__file__).with_name("schemas")
_LARGEST = 2**53  # what every reader of JSON takes exactly
# How JSON spells a character that is none: NUL and the halves of a pair. UTF-8 has no
# halves, and JSON no bare NUL.
_ODD = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_HOLDERS = (dict, list)
_SHOWN = 160


class UnableToRead(Exception):
    """The document cannot be read; the message says what to change."""


class TooLarge(UnableToRead):
    """The document is larger than we take; the message says how large it may be."""


@dataclass(frozen=True)
class Sent:
    """Events as they were sent, with the JSON-LD contexts around them."""

    events: list[dict[str, Any]]
    contexts: list[Any]


def parsed(body: bytes) -> dict[str, Any]:
    """The JSON object in the bytes. Errors: UnableToRead, TooLarge."""
    if len(body) > MOST_BYTES:
        raise TooLarge(
            _("A document has %(most)d bytes at most.") % {"most": MOST_BYTES}
        )
    try:
        text = body.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_once,
            parse_constant=_no_number,
            parse_int=_whole,
            parse_float=_fraction,
        )
    except UnicodeDecodeError as error:
        raise UnableToRead(_("The document is not UTF-8.")) from error
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise UnableToRead(
            _("This is not JSON: %(reason)s.") % {"reason": str(error)[:_SHOWN]}
        ) from error
    if not isinstance(value, dict):
        raise UnableToRead(_("A document is a JSON object."))
    _check_levels(value)
    if _ODD.search(text):
        _check_texts(value)
    return value


def document(value: dict[str, Any]) -> Sent:
    """The events of an EPCISDocument or EPCISQueryDocument.

    The frame is checked by GS1's schema here, the events are not.
    Errors: UnableToRead, TooLarge.
    """
    kind = value.get("type")
    if kind not in ("EPCISDocument", "EPCISQueryDocument"):
        raise UnableToRead(_("The type is EPCISDocument or EPCISQueryDocument."))
    if value.get("schemaVersion") not in ("2.0", "2.0.0", "2.0.1"):
        raise UnableToRead(_("We read schemaVersion 2.0."))
    body = value.get("epcisBody")
    holder = body
    if kind == "EPCISQueryDocument" and isinstance(body, dict):
        results = body.get("queryResults")
        holder = results.get("resultsBody") if isinstance(results, dict) else None
    events = holder.get("eventList") if isinstance(holder, dict) else None
    if not isinstance(events, list):
        raise UnableToRead(_("The document has no eventList."))
    if not events:
        raise UnableToRead(_("The document has no events."))
    if len(events) > MOST_EVENTS:
        raise TooLarge(
            _("A document has %(most)d events at most.") % {"most": MOST_EVENTS}
        )
    if not all(isinstance(event, dict) for event in events):
        raise UnableToRead(_("Every event is a JSON object."))
    assert isinstance(holder, dict)
    holder["eventList"] = []
    try:
        for problem in schema_problems(value):
            raise UnableToRead(problem)
    finally:
        holder["eventList"] = events
    for problem in context_problems(value):
        raise UnableToRead(problem)
    return Sent(events=events, contexts=[value.get("@context")])


def single(value: dict[str, Any]) -> Sent:
    """One event that came alone, with its own context. Errors: UnableToRead."""
    if "@context" not in value:
        raise UnableToRead(_("An event that comes alone names its @context."))
    return Sent(events=[value], contexts=[])


def schema_problems(value: dict[str, Any]) -> Iterator[str]:
    """What GS1's schema says against a document or an event, in sentences."""
    validator = _validator("document" if "epcisBody" in value else "event")
    if validator.is_valid(value):
        return
    for error in validator.iter_errors(value):
        where = "/".join(map(str, error.instance_path)) or str(value.get("type"))
        yield _("%(where)s: not as GS1's schema has it (%(reason)s).") % {
            "where": where,
            "reason": error.message[:_SHOWN],
        }


def context_problems(value: dict[str, Any]) -> Iterator[str]:
    """What is too long in the contexts of a document or an event, in sentences."""
    context = value.get("@context")
    if len(json.dumps(context, ensure_ascii=False)) > MOST_CONTEXT:
        yield _("@context: it has %(most)d characters at most.") % {
            "most": MOST_CONTEXT
        }
    elif any(len(it) > LONGEST_MEANING for it in namespaces_of(context).values()):
        yield _(
            "@context: what a prefix stands for has %(most)d characters at most."
        ) % {"most": LONGEST_MEANING}


def own_context(*contexts: Any) -> list[Any]:
    """What the contexts say beyond GS1's, in order and once."""
    found: list[Any] = []
    for context in contexts:
        for one in context if isinstance(context, list) else [context]:
            gs1 = isinstance(one, str) and _GS1_CONTEXTS.fullmatch(one)
            if one and not gs1 and one not in found:
                found.append(one)
    return found


@cache
def words_of(name: str) -> frozenset[str]:
    """CBV 2.0's bare words for bizStep or disposition, as GS1's schema has them."""
    return frozenset(_schema()["definitions"][name]["anyOf"][1]["enum"])


def _schema() -> dict[str, Any]:
    text = (_SCHEMAS / "EPCIS-JSON-Schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@cache
def _validator(of: str) -> jsonschema_rs.Draft7Validator:
    """GS1's schema, for a whole document or for an event inside of one."""
    schema = _schema()
    if of == "event":
        schema = {
            "$schema": schema["$schema"],
            "definitions": schema["definitions"],
            "$ref": "#/definitions/EPCIS-Document-Event",
        }
    return jsonschema_rs.Draft7Validator(schema, validate_formats=True, mask="this")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        counted = Counter(name for name, _value in pairs)
        twice = next(name for name, count in counted.items() if count > 1)
        raise UnableToRead(
            _("“%(name)s” stands twice in one object.") % {"name": twice[:_SHOWN]}
        )
    return found


def _no_number(text: str) -> Any:
    raise UnableToRead(_("%(text)s is no number of JSON.") % {"text": text})


def _whole(text: str) -> int:
    return _in_bounds(int(text))


def _fraction(text: str) -> float:
    return _in_bounds(float(text))


def _in_bounds(number: N) -> N:
    if not -_LARGEST <= number <= _LARGEST:
        raise UnableToRead(_("A number in the document is too large."))
    return number


def _check_levels(value: dict[str, Any]) -> None:
    level: list[Any] = [value]
    for _level in range(MOST_LEVELS):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, _HOLDERS)
        ]
        if not level:
            return
    raise _too_deep()


def _check_texts(value: Any) -> None:
    """Refuse what some reader of ours could not keep or give back as it came."""
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_text(name)
            _check_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_texts(inner)


def _check_text(text: str) -> None:
    if "\x00" in text or (not text.isprintable() and _unpaired(text)):
        raise UnableToRead(_("A text in the document has characters that are none."))


def _unpaired(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)


def _too_deep() -> UnableToRead:
    return UnableToRead(
        _("The document is nested more than %(most)d levels deep.")
        % {"most": MOST_LEVELS}
    )
