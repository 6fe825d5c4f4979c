"""The chart of accounts: which codes exist, of what kind, and how they are named.

A code is parts joined by colons, `order:1042:escrow`. A code that fits a pattern here
is opened by the first entry that needs it; any other has to be opened by hand.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .models import AccountKind


@dataclass(frozen=True)
class Family:
    """Accounts that differ only in whose they are.

    `pattern` holds one `*` for that part. `never_overdrawn`: the database refuses an
    entry that would take the balance past zero, off the side of the account's kind.
    """

    pattern: str
    kind: AccountKind
    label: str | Promise
    never_overdrawn: bool = False
    shape: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        parts = [
            "[A-Za-z0-9][A-Za-z0-9-]*" if part == "*" else re.escape(part)
            for part in self.pattern.split(":")
        ]
        object.__setattr__(self, "shape", re.compile(":".join(parts)))


FAMILIES: tuple[Family, ...] = (
    Family("alipay:clearing", AccountKind.ASSET, _("Alipay, not yet paid out to us")),
    Family("alipay:fees", AccountKind.EXPENSE, _("Alipay's fees")),
    Family(
        "order:*:escrow",
        AccountKind.LIABILITY,
        _("Buyer's money, held until the order completes"),
        never_overdrawn=True,
    ),
    Family(
        "suspense",
        AccountKind.LIABILITY,
        _("Money that fits no order, to be sent back"),
        never_overdrawn=True,
    ),
    Family("farmer:*:payable", AccountKind.LIABILITY, _("Owed to a farmer")),
    Family("cooperative:*:payable", AccountKind.LIABILITY, _("Owed to a cooperative")),
    Family(
        "supermarket:*:margin",
        AccountKind.LIABILITY,
        _("Owed to a supermarket"),
    ),
    Family(
        "supermarket:*:share",
        AccountKind.ASSET,
        _("Share of profit a supermarket has pledged"),
    ),
    Family(
        "household:*:benefit",
        AccountKind.LIABILITY,
        _("Due to a paired household"),
        never_overdrawn=True,
    ),
    Family("freight:payable", AccountKind.LIABILITY, _("Owed to carriers")),
    Family("platform:fee", AccountKind.INCOME, _("Platform's service fee")),
    Family(
        "benefit:fund",
        AccountKind.ASSET,
        _("Bank account for the households' money"),
        never_overdrawn=True,
    ),
)


@lru_cache(maxsize=4096)
def family_of(code: str) -> Family | None:
    """The family a code belongs to; None for one that was opened by hand."""
    return next((f for f in FAMILIES if f.shape.fullmatch(code)), None)


def family_named(pattern: str) -> Family | None:
    """The family with this pattern."""
    return next((f for f in FAMILIES if f.pattern == pattern), None)
