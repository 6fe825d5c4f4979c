"""What anybody may see of the ledger, and under which names.

Only entries of the kinds in PUBLIC_KINDS have a public page, and what reverses them.
Whoever posts under such a kind keeps people out of its key and subject: both are
sealed and shown. A memo is not shown, only its hash.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .chart import family_of
from .models import Entry

REVERSAL = "reversal"
PUBLIC_KINDS: dict[str, str | Promise] = {
    "share_accrued": gettext_lazy("A supermarket's share is set aside for households"),
    "share_paid_in": gettext_lazy("A supermarket pays its share in"),
    "share_disbursed": gettext_lazy("A household receives its benefit"),
}

# Given the owners' parts of account codes ("7" of household:7:benefit), the masked
# names that a page for everybody may show. Ids without a name are left out.
Resolver = Callable[[Sequence[str]], Mapping[str, str]]
_resolvers: dict[str, Resolver] = {}


@dataclass(frozen=True)
class PublicName:
    """How an account is called in public: whose it is, and what it is for."""

    owner: str
    purpose: str


def name_owners(owner: str, resolver: Resolver) -> None:
    """Let `resolver` name the owners of codes that begin so ("household").

    Called once, from the `ready` of the app that knows them.
    """
    _resolvers[owner] = resolver


def is_public(entry: Entry) -> bool:
    """Whether the entry, or the one that it takes back, is of a public kind."""
    if entry.kind == REVERSAL and entry.reverses is not None:
        return is_public(entry.reverses)
    return entry.kind in PUBLIC_KINDS


def title(entry: Entry) -> str:
    """What a public entry is, in a sentence."""
    if entry.kind == REVERSAL and entry.reverses is not None:
        return _("Taken back: %(what)s") % {"what": title(entry.reverses)}
    return str(PUBLIC_KINDS[entry.kind])


def public_names(codes: Iterable[str]) -> dict[str, PublicName]:
    """Public names by account code; one look-up for each kind of owner.

    Without a resolver, or where it knows nobody, the family's own words stand alone.
    """
    wanted = set(codes)
    ids: dict[str, set[str]] = {}
    for code in wanted:
        owner, _colon, rest = code.partition(":")
        ids.setdefault(owner, set()).add(rest.partition(":")[0])
    known = {
        owner: resolver(sorted(ids[owner]))
        for owner, resolver in _resolvers.items()
        if owner in ids
    }
    names = {}
    for code in wanted:
        owner, _colon, rest = code.partition(":")
        family = family_of(code)
        names[code] = PublicName(
            owner=known.get(owner, {}).get(rest.partition(":")[0], ""),
            purpose=str(family.label) if family else _("Another account"),
        )
    return names
