"""What the pages say about a verdict and about events, whole sentences."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners import measures
from traceability.models import Event, Suspicion
from traceability.queries import Mark, State, Verdict


class _Words(NamedTuple):
    tone: str
    icon: str
    word: Promise
    line: Promise | str = ""


_TABLE: dict[State, _Words] = {
    State.TAMPERED: _Words(
        "bad",
        "shield-x",
        gettext_lazy("Not our code"),
        gettext_lazy("This code is forged or mistyped. Do not trust this package."),
    ),
    State.UNKNOWN: _Words(
        "bad",
        "shield-x",
        gettext_lazy("Unknown code"),
        gettext_lazy("We have no label with this code. Do not trust this package."),
    ),
    State.ALTERED: _Words(
        "bad",
        "shield-x",
        gettext_lazy("Record changed"),
        gettext_lazy(
            "What we have on record for this code is not what was signed for it. "
            "Do not trust this package, and tell us."
        ),
    ),
    State.RECALLED: _Words(
        "bad",
        "octagon-alert",
        gettext_lazy("Recalled"),
        gettext_lazy("Do not eat this. Contact the seller and get your money back."),
    ),
    State.COMPROMISED: _Words(
        "bad",
        "shield-x",
        gettext_lazy("Not to be trusted"),
        gettext_lazy(
            "The key that signed this was not ours alone any more when it did. "
            "Do not trust this package, and tell us."
        ),
    ),
    State.REVOKED: _Words(
        "bad",
        "ban",
        gettext_lazy("Certificate revoked"),
        gettext_lazy("The certificate for this lot was withdrawn."),
    ),
    State.VOIDED: _Words(
        "bad",
        "ban",
        gettext_lazy("Label voided"),
        gettext_lazy("This label was taken out of use. It belongs on no package."),
    ),
    State.INACTIVE: _Words(
        "warn",
        "hourglass",
        gettext_lazy("Not packed yet"),
        gettext_lazy(
            "This label has not been put on a package. If you found it on one, tell us."
        ),
    ),
    State.SUPERSEDED: _Words(
        "warn",
        "history",
        gettext_lazy("Replaced"),
        gettext_lazy("This lot was repacked and has a new certificate."),
    ),
    State.EXPIRED: _Words(
        "warn", "clock", gettext_lazy("Past its date"), gettext_lazy("Too old to eat.")
    ),
    State.GENUINE: _Words(
        "ok",
        "shield-check",
        gettext_lazy("Genuine"),
        gettext_lazy("Nobody has checked this code before"),
    ),
    State.OPENED: _Words("ok", "shield-check", gettext_lazy("Genuine, opened by you")),
    State.FIRST: _Words("ok", "circle-check", gettext_lazy("Genuine")),
    State.AGAIN: _Words("warn", "shield-check", gettext_lazy("Genuine, seen before")),
    State.SUSPICIOUS: _Words("warn", "shield-alert", gettext_lazy("Be careful")),
    State.UNCHECKED: _Words(
        "",
        "wifi-off",
        gettext_lazy("Could not check"),
        gettext_lazy(
            "We cannot look it up just now. This says nothing about the package: "
            "please scan again later."
        ),
    ),
}


_SUSPICIONS: dict[str, Promise] = {
    Suspicion.RATE: gettext_lazy(
        "Far more people checked this code than one box has. It may be copied."
    ),
    Suspicion.DISTANCE: gettext_lazy(
        "This code was checked in two places that no box gets to in that time. It may "
        "be copied."
    ),
    Suspicion.SOLD: gettext_lazy(
        "Strangers checked this code after its buyer had opened the package. It may be "
        "copied."
    ),
    Suspicion.CLONE: gettext_lazy(
        "The county found that this code was copied. Do not trust this package."
    ),
}


@dataclass(frozen=True)
class Strip:
    """The top of a scan page: what parts/verdict.html takes."""

    tone: str
    icon: str
    word: str
    line: str
    more: str = ""


def strip(verdict: Verdict) -> Strip:
    """The words for a verdict, in the reader's language."""
    words = _TABLE[verdict.state]
    line, more = str(words.line), verdict.reason
    if verdict.opened_at is not None:
        line, more = _of_hidden_code(verdict, verdict.opened_at)
    elif verdict.first_at is not None:
        first = date_format(timezone.localtime(verdict.first_at), "DATETIME_FORMAT")
        if verdict.state == State.FIRST:
            line = _("First check · %(date)s") % {"date": first}
        else:
            line = _line_of_count(verdict, first)
            more = _more_of_count(verdict)
    return Strip(words.tone, words.icon, str(words.word), line, more)


def _of_hidden_code(verdict: Verdict, opened_at: datetime) -> tuple[str, str]:
    when = {"date": date_format(timezone.localtime(opened_at), "DATETIME_FORMAT")}
    if verdict.state == State.OPENED:
        return (
            _("Your hidden code was right: used on %(date)s") % when,
            _("Nobody can use it again. Whoever scans this code now reads so."),
        )
    return (
        _("Its buyer used the hidden code on %(date)s") % when,
        _("If that was not you or yours, do not trust this package."),
    )


def _line_of_count(verdict: Verdict, first: str) -> str:
    if verdict.ordinal is None:
        return ngettext(
            "Checked once before, on %(date)s",
            "Checked %(count)s times before, first on %(date)s",
            verdict.count,
        ) % {"count": verdict.count, "date": first}
    return _("Check no. %(ordinal)s · first on %(date)s") % {
        "ordinal": verdict.ordinal,
        "date": first,
    }


def _more_of_count(verdict: Verdict) -> str:
    if verdict.state == State.SUSPICIOUS:
        return str(_SUSPICIONS[verdict.suspicion])
    return _("If the earlier checks were not yours, the code may be copied.")


_MARKS: dict[Mark, _Words] = {
    Mark.UNREADABLE: _Words(
        "bad",
        "shield-x",
        gettext_lazy("Not a box code"),
        gettext_lazy(
            "This box code is cut off, mistyped or none of ours. Scan it once more; "
            "if it stays so, do not trust this box."
        ),
    ),
    Mark.FOREIGN: _Words(
        "bad",
        "shield-x",
        gettext_lazy("Signed by somebody else"),
        gettext_lazy(
            "The key that signed this is none of ours. Do not trust this box."
        ),
    ),
    Mark.FALSE: _Words(
        "bad",
        "shield-x",
        gettext_lazy("Signature wrong"),
        gettext_lazy(
            "This names our key, but our key never signed it so: something in it was "
            "changed. Do not trust this box."
        ),
    ),
    Mark.STOLEN: _TABLE[State.COMPROMISED],
    Mark.UNLOGGED: _Words(
        "bad",
        "shield-x",
        gettext_lazy("Never issued"),
        gettext_lazy(
            "The signature is right, but our public log knows of no such box. "
            "Do not trust this package, and tell us."
        ),
    ),
    Mark.CHANGED: _TABLE[State.ALTERED],
    Mark.UNCHECKED: _TABLE[State.UNCHECKED],
    Mark.HOLDS: _Words(
        "ok",
        "badge-check",
        gettext_lazy("Signature right"),
        gettext_lazy(
            "A signature proves issue, not that this is the only box with this code."
        ),
    ),
}


def mark(found: Mark) -> Strip:
    """The words for a box code's signature, in the reader's language."""
    words = _MARKS[found]
    return Strip(words.tone, words.icon, str(words.word), str(words.line))


def event_title(event: Event) -> str:
    """What happened, in one short sentence."""
    if event.kind == Event.Kind.SPRAY:
        safe_from = _local_day(event) + timedelta(days=event.interval_days or 0)
        return _("Sprayed with %(substance)s; safe to harvest from %(date)s on") % {
            "substance": event.substance,
            "date": date_format(safe_from, "MONTH_DAY_FORMAT"),
        }
    if event.weight_g is not None:
        sentence = {
            Event.Kind.HARVEST: _("Harvested %(jin)s jin"),
            Event.Kind.PACK: _("Packed %(jin)s jin"),
            Event.Kind.SHIP: _("Sent off %(jin)s jin"),
            Event.Kind.RECEIVE: _("Took in %(jin)s jin"),
        }.get(Event.Kind(event.kind))
        if sentence is not None:
            return sentence % {"jin": measures.jin(event.weight_g)}
    return event.get_kind_display()


def _local_day(event: Event) -> date:
    return timezone.localtime(event.happened_at).date()
