"""What a query asks for: EPCIS 2.0's parameters, read from an address.

Source: EPCIS 2.0 §8.2.7.1 and GS1's OpenAPI. Lists are separated by "|". A parameter
we do not know is refused, as the standard wants: an answer without the filter would
look like one with it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core import signing
from django.http import QueryDict
from django.utils.translation import gettext as _

from traceability.epcis.identifiers import NotAnIdentifier, canonical
from traceability.epcis.models import EventKey
from traceability.epcis.validation import TYPES, moment, word

PAGE = 30
LONGEST_PAGE = 100
MOST_VALUES = 50
_ACTIONS = ("ADD", "OBSERVE", "DELETE")
_SIGNER = signing.Signer(salt="epcis-page")
P = EventKey.Part
# Which parts of an event a MATCH_ parameter looks at.
MATCHES = {
    "MATCH_epc": (P.EPC,),
    "MATCH_parentID": (P.PARENT,),
    "MATCH_inputEPC": (P.INPUT,),
    "MATCH_outputEPC": (P.OUTPUT,),
    "MATCH_anyEPC": (P.EPC, P.PARENT, P.INPUT, P.OUTPUT),
    "MATCH_epcClass": (P.CLASS,),
    "MATCH_inputEPCClass": (P.INPUT_CLASS,),
    "MATCH_outputEPCClass": (P.OUTPUT_CLASS,),
    "MATCH_anyEPCClass": (P.CLASS, P.INPUT_CLASS, P.OUTPUT_CLASS),
}


class UnableToAsk(Exception):
    """The query cannot be answered; the message says what to change."""


@dataclass(frozen=True)
class Match:
    """Things an event must name: exactly these, or what begins like those."""

    parts: tuple[str, ...]
    exact: tuple[str, ...]
    beginnings: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """Where a page ends: the moment, which source, and the row."""

    at: datetime
    source: int
    key: int

    def as_token(self) -> str:
        return _SIGNER.sign_object([self.at.isoformat(), self.source, self.key])


@dataclass
class Asked:
    """A query. Empty means that nothing is asked of that field."""

    event_types: list[str] = field(default_factory=list)
    event_ids: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    biz_steps: list[str] = field(default_factory=list)
    dispositions: list[str] = field(default_factory=list)
    read_points: list[str] = field(default_factory=list)
    biz_locations: list[str] = field(default_factory=list)
    happened_from: datetime | None = None
    happened_before: datetime | None = None
    recorded_from: datetime | None = None
    recorded_before: datetime | None = None
    matches: list[Match] = field(default_factory=list)
    declares_error: bool | None = None
    order_by: str = "eventTime"
    falling: bool = True
    per_page: int = PAGE
    after: Place | None = None


def asked(address: QueryDict, *, only: Iterable[str] = ()) -> Asked:
    """The query that an address asks, `only` with these parameters.

    Errors: UnableToAsk.
    """
    query = Asked()
    for name, texts in address.lists():
        if len(texts) > 1:
            raise UnableToAsk(
                _("%(name)s stands twice. Separate several values by “|”.")
                % {"name": name[:60]}
            )
        text = str(texts[0])
        read = _READERS.get(name) if not only or name in only else None
        if read is None:
            raise UnableToAsk(
                _("We do not know the parameter “%(name)s”.") % {"name": name[:60]}
            )
        if "\x00" in text:
            raise UnableToAsk(_("%(name)s: this is no value.") % {"name": name})
        read(query, name, text)
    return query


def _list(name: str, text: str) -> list[str]:
    values = [value for value in text.split("|") if value]
    if not values:
        raise UnableToAsk(_("%(name)s: name a value.") % {"name": name})
    if len(values) > MOST_VALUES:
        raise UnableToAsk(
            _("%(name)s: %(most)d values at most.")
            % {"name": name, "most": MOST_VALUES}
        )
    return values


def _moment(name: str, text: str) -> datetime:
    # In an address that was not escaped, the + of the offset has become a space.
    found = moment(text.replace(" ", "+"))
    if found is None:
        raise UnableToAsk(
            _("%(name)s: give a moment like 2026-11-19T09:00:00+08:00.")
            % {"name": name}
        )
    return found


def _one_of(field_name: str, known: Iterable[str]) -> Callable[..., None]:
    def read(query: Asked, name: str, text: str) -> None:
        values = _list(name, text)
        for value in values:
            if value not in known:
                raise UnableToAsk(
                    _("%(name)s: one of %(known)s.")
                    % {"name": name, "known": ", ".join(known)}
                )
        setattr(query, field_name, values)

    return read


def _values(field_name: str, bring: Callable[[str], str] = str) -> Callable[..., None]:
    def read(query: Asked, name: str, text: str) -> None:
        try:
            setattr(query, field_name, [bring(value) for value in _list(name, text)])
        except NotAnIdentifier as error:
            raise UnableToAsk(f"{name}: {error}") from error

    return read


def _time(field_name: str) -> Callable[..., None]:
    return lambda query, name, text: setattr(query, field_name, _moment(name, text))


def _match(query: Asked, name: str, text: str) -> None:
    exact, beginnings = [], []
    for value in _list(name, text):
        try:
            found = canonical(value)
        except NotAnIdentifier as error:
            raise UnableToAsk(f"{name}: {error}") from error
        if not value.startswith("urn:epc:idpat:"):
            exact.append(found)
        else:
            # Of all keys only this one's has no fixed length.
            beginnings.append(f"{found}/" if "/8010/" in found else found)
    query.matches.append(Match(tuple(MATCHES[name]), tuple(exact), tuple(beginnings)))


def _per_page(query: Asked, name: str, text: str) -> None:
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise UnableToAsk(_("perPage: give a whole number of one or more."))
    query.per_page = min(int(text[:9]), LONGEST_PAGE)


def _page_token(query: Asked, name: str, text: str) -> None:
    try:
        at, source, key = _SIGNER.unsign_object(text)
        query.after = Place(datetime.fromisoformat(at), source, key)
    except (signing.BadSignature, ValueError) as error:
        raise UnableToAsk(_("nextPageToken: this is none of ours.")) from error


def _choice(field_name: str, choices: dict[str, Any]) -> Callable[..., None]:
    def read(query: Asked, name: str, text: str) -> None:
        if text not in choices:
            raise UnableToAsk(
                _("%(name)s: one of %(known)s.")
                % {"name": name, "known": ", ".join(choices)}
            )
        setattr(query, field_name, choices[text])

    return read


_READERS: dict[str, Callable[[Asked, str, str], None]] = {
    "eventType": _one_of("event_types", TYPES),
    "EQ_action": _one_of("actions", _ACTIONS),
    "EQ_bizStep": _values("biz_steps", lambda value: word(value, "BizStep")),
    "EQ_disposition": _values("dispositions", lambda value: word(value, "Disp")),
    "EQ_readPoint": _values("read_points", canonical),
    "EQ_bizLocation": _values("biz_locations", canonical),
    "EQ_eventID": _values("event_ids"),
    "eventID": _values("event_ids"),
    "GE_eventTime": _time("happened_from"),
    "LT_eventTime": _time("happened_before"),
    "GE_recordTime": _time("recorded_from"),
    "LT_recordTime": _time("recorded_before"),
    "EXISTS_errorDeclaration": _choice("declares_error", {"true": True}),
    "orderBy": _choice("order_by", {n: n for n in ("eventTime", "recordTime")}),
    "orderDirection": _choice("falling", {"DESC": True, "ASC": False}),
    "perPage": _per_page,
    "nextPageToken": _page_token,
    **dict.fromkeys(MATCHES, _match),
}
PARAMETERS = tuple(_READERS)
