"""Named queries: kept, given back, asked again. Source: EPCIS 2.0 §12.7.

Each party has names of its own. Nobody is subscribed: who wants news asks the query
again from the last recordTime on.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from traceability.epcis.asking import Asked, UnableToAsk, asked
from traceability.epcis.models import NamedQuery, Party

MOST_QUERIES = 100
# These are of one answer, not of the question.
_PAGING = ("perPage", "nextPageToken")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class UnableToName(Exception):
    """The query cannot be kept; the message says what to change."""


class NamedAlready(UnableToName):
    """The party has a query of this name."""


def name_query(*, party: Party, sent: dict[str, Any], at: datetime) -> NamedQuery:
    """Keep a query under a name. Errors: UnableToName, NamedAlready, UnableToAsk."""
    unknown = set(sent) - {"name", "query", "@context"}
    name, definition = sent.get("name"), sent.get("query")
    if unknown or not isinstance(definition, dict):
        raise UnableToName(_("Send an object with name and query, and nothing else."))
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UnableToName(
            _("name: letters, digits, dots, - and _, at most 80, the first no sign.")
        )
    asked_by(definition)
    try:
        with transaction.atomic():
            Party.objects.select_for_update().get(pk=party.pk)
            if party.queries.count() >= MOST_QUERIES:
                raise UnableToName(
                    _("You keep %(most)d queries already. Delete one first.")
                    % {"most": MOST_QUERIES}
                )
            return NamedQuery.objects.create(
                party=party, name=name, definition=definition, created_at=at
            )
    except IntegrityError as error:
        raise NamedAlready(_("You have a query of this name.")) from error


def forget_query(*, query: NamedQuery) -> None:
    """Forget a query; again is harmless."""
    NamedQuery.objects.filter(pk=query.pk).delete()


def asked_by(definition: dict[str, Any], page: QueryDict | None = None) -> Asked:
    """The query of a definition, and the page of it that an address asks for.

    Errors: UnableToAsk.
    """
    address = QueryDict(mutable=True)
    for name, value in definition.items():
        if name == "@context":
            continue
        if name in _PAGING:
            raise UnableToAsk(
                _("%(name)s belongs into the address, not into the query.")
                % {"name": name}
            )
        address[name] = "|".join(_texts(name, value))
    if page is not None:
        asked(page, only=_PAGING)
        for name, text in page.items():
            address[name] = str(text)
    return asked(address)


def _texts(name: str, value: Any) -> Iterable[str]:
    values = value if isinstance(value, list) else [value]
    for one in values:
        if isinstance(one, bool):
            yield str(one).lower()
        elif isinstance(one, int | float):
            yield str(one)
        elif isinstance(one, str) and "|" not in one:
            yield one
        else:
            raise UnableToAsk(
                _("%(name)s: a text, a number, or a list of such.")
                % {"name": name[:60]}
            )
