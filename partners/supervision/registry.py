"""The registry of cross-checks: a rule is one function, looked up by its name.

A rule sees a Case, what is about to be handed to whom out of which months, and
says nothing or returns the values of its sentence. Hard rules block, soft rules
are listed for a person to decide. Rules stand in `checks.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from partners.models import AccrualLine, Household
from partners.supervision.models import Finding


class Drawing(NamedTuple):
    """So much out of one accrual line."""

    line: AccrualLine
    amount_fen: int


@dataclass(frozen=True)
class Case:
    """A disbursement before it is made."""

    household: Household
    amount_fen: int
    kind: str
    has_receipt: bool
    photo_count: int
    drawings: tuple[Drawing, ...]
    at: datetime

    @property
    def periods(self) -> list[date]:
        """The months the money is of, the oldest first."""
        return sorted({drawing.line.accrual.period for drawing in self.drawings})

    @property
    def persons(self) -> list[str]:
        """Blind indexes of everybody in the household, the householder first."""
        members = self.household.members.order_by("pk")
        return [
            self.household.id_number_index,
            *members.values_list("id_number_index", flat=True),
        ]


Values = dict[str, Any]
Judge = Callable[[Case], Values | None]


@dataclass(frozen=True)
class Check:
    """A rule: its name, whether it blocks, and how a finding of it reads."""

    code: str
    severity: str
    title: Promise
    says: Promise
    judge: Judge


@dataclass(frozen=True)
class Concern:
    """What a rule found about a case."""

    code: str
    values: Values = field(default_factory=dict)

    @property
    def check(self) -> Check:
        return CHECKS[self.code]

    @property
    def hard(self) -> bool:
        return self.check.severity == Finding.Severity.HARD

    @property
    def sentence(self) -> str:
        """In the reader's language, without naming anybody."""
        return str(self.check.says) % self.values


CHECKS: dict[str, Check] = {}
# What people report, and no rule can find.
NOT_RECEIVED = "not_received"
REPORTS: dict[str, tuple[Promise, Promise]] = {
    NOT_RECEIVED: (
        _("Not received"),
        _("The household says that it did not get this. Ask it and the village."),
    ),
}


def check(
    *, code: str, severity: str, title: Promise, says: Promise
) -> Callable[[Judge], Judge]:
    """Enter the decorated function into the registry under `code`."""

    def enter(judge: Judge) -> Judge:
        if code in CHECKS:
            raise ValueError(f"two cross-checks are called {code}")
        CHECKS[code] = Check(code, severity, title, says, judge)
        return judge

    return enter
