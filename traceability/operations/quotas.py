"""What land and licences allow: said by the county, and taken by harvests and marks."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from stdnum.cn import uscc

from partners import measures
from partners.organisations.models import Division, Farmer
from partners.people import Person
from traceability import marks, queries, yields
from traceability.models import (
    Certificate,
    Evidence,
    Licence,
    LicenceUse,
    Lot,
    Mark,
    Plot,
    PlotYear,
    YieldLimit,
)

_MOST_G = 10**12  # a million tonnes: more is a slip of the finger


class UnableToSetLimit(Exception):
    """The limit cannot be set; the message says what to change."""


class UnableToLicense(Exception):
    """The licence cannot be registered or ended; the message says what to change.

    `field` is the fact at fault, where there is one.
    """

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class QuotaExceeded(Exception):
    """Land or licence allow less; the message gives the numbers."""


def set_yield_limit(
    *,
    crop: str,
    g_per_mu: int | None,
    valid_from: date,
    source: str,
    by: Person,
    at: datetime,
) -> YieldLimit:
    """Say what a mu of a crop may bear in a year, for harvests from a day on.

    An empty crop is every crop without a row; no `g_per_mu` means no limit. What was
    said before stays on record and holds for earlier harvests.
    Errors: UnableToSetLimit.
    """
    if g_per_mu is not None and not 0 < g_per_mu <= yields.MOST_G:
        raise UnableToSetLimit(
            _("Give kilograms a mu, more than zero and at most %(most)s.")
            % {"most": yields.MOST_G // measures.GRAMS_PER_KILOGRAM}
        )
    if not source.strip():
        raise UnableToSetLimit(_("Say where the figure comes from."))
    return YieldLimit.objects.create(
        crop=crop.strip(),
        g_per_mu=g_per_mu,
        valid_from=valid_from,
        source=source.strip(),
        set_by=by,
        set_at=at,
    )


def book_harvest(*, plot: Plot, day: date, weight_g: int) -> None:
    """Count a harvest of `day` on its plot's year. Errors: QuotaExceeded.

    Call it inside the transaction that records the lot. The UPDATE's condition is the
    guard: whoever comes second sees what the first has left.
    """
    allowed = queries.allowance(plot=plot, day=day)
    PlotYear.objects.get_or_create(plot=plot, year=day.year)
    room = PlotYear.objects.filter(plot=plot, year=day.year)
    if allowed.allowed_g is not None:
        room = room.filter(harvested_g__lte=allowed.allowed_g - weight_g)
    if not room.update(harvested_g=F("harvested_g") + weight_g):
        raise QuotaExceeded(_too_much(queries.allowance(plot=plot, day=day)))


def unbook_harvest(*, plot: Plot, day: date, weight_g: int) -> None:
    """Give back what was never harvested."""
    PlotYear.objects.filter(plot=plot, year=day.year).update(
        harvested_g=F("harvested_g") - weight_g
    )


def require_land(*, lot: Lot) -> None:
    """Refuse what grew on plots of which more is on record than they may bear: the
    limit came down or came late. Errors: QuotaExceeded."""
    for allowed in queries.allowances_of(lot):
        if allowed.is_exceeded:
            raise QuotaExceeded(_too_much(allowed))


def _too_much(allowed: queries.Allowance) -> str:
    return _(
        "The %(area)s mu of plot “%(plot)s” allow %(allowed)s jin of %(crop)s in "
        "%(year)s; %(taken)s jin are on record already."
    ) % {
        "area": f"{allowed.plot.area_mu.normalize():f}",
        "plot": allowed.plot.name,
        "allowed": measures.jin(allowed.allowed_g or 0),
        "crop": allowed.plot.crop,
        "year": allowed.year,
        "taken": measures.jin(allowed.harvested_g),
    }


def register_licence(
    *,
    mark: str,
    number: str,
    holder: str,
    holder_uscc: str = "",
    area: Division,
    farmer: Farmer | None = None,
    crop: str,
    quantity_g: int,
    valid_from: date,
    valid_to: date,
    by: Person,
    at: datetime,
) -> Licence:
    """Put a licence on record: a mark, for so much of a crop, between two days.

    A geographical indication needs its holder's social credit code, green food one of
    its two numbers. Errors: UnableToLicense.
    """
    if mark not in Mark.values:
        raise UnableToLicense(_("Choose the mark."), field="mark")
    code = holder_uscc.strip().upper()
    if code and not uscc.is_valid(code):
        words = _("This is no social credit code: a character is mistyped or missing.")
        raise UnableToLicense(words, field="holder_uscc")
    if mark == Mark.GI and not code:
        words = _("Give the holder's 18-character social credit code.")
        raise UnableToLicense(words, field="holder_uscc")
    number = marks.plain(number)
    if mark == Mark.GREEN and not marks.CHECKS[mark].can_be(number):
        raise UnableToLicense(str(marks.CHECKS[mark].refusal), field="number")
    if not number or not holder.strip() or not crop.strip():
        raise UnableToLicense(_("Give the number, the holder and the crop."))
    if not 0 < quantity_g <= _MOST_G:
        words = _("Give the quantity on the licence, more than zero.")
        raise UnableToLicense(words, field="quantity_g")
    if valid_to < valid_from:
        words = _("A licence ends after it begins.")
        raise UnableToLicense(words, field="valid_to")
    try:
        with transaction.atomic():
            return Licence.objects.create(
                mark=mark,
                number=number,
                holder=holder.strip(),
                holder_uscc=code,
                area=area,
                farmer=farmer,
                crop=crop.strip(),
                quantity_g=quantity_g,
                valid_from=valid_from,
                valid_to=valid_to,
                registered_by=by,
                registered_at=at,
            )
    except IntegrityError as error:
        words = _("This licence is on record already.")
        raise UnableToLicense(words, field="number") from error


def end_licence(*, licence: Licence, reason: str, at: datetime) -> None:
    """Let nothing more be certified under a licence; what was certified stays.

    Errors: UnableToLicense.
    """
    if not reason.strip():
        raise UnableToLicense(_("Say why."), field="reason")
    ended = Licence.objects.standing().filter(pk=licence.pk)
    if not ended.update(ended_at=at, end_reason=reason.strip()):
        raise UnableToLicense(_("This licence is ended already."))


def book_marks(*, certificate: Certificate, day: date, at: datetime) -> None:
    """Count a new certificate against a licence for every mark that its lot claims.

    Call it inside the transaction that issues the certificate. Errors: QuotaExceeded
    where no licence covers the mark, or those that do have too little left.
    """
    for paper in queries.marks_on(certificate.lot):
        licence = _book_mark(certificate, paper, day)
        LicenceUse.objects.create(
            licence=licence,
            certificate=certificate,
            quantity_g=certificate.quantity_g,
            used_at=at,
        )


def _book_mark(certificate: Certificate, paper: Evidence, day: date) -> Licence:
    lot, grams = certificate.lot, certificate.quantity_g
    licences = queries.licences_for(lot=lot, paper=paper, day=day)
    for licence in licences:
        room = Licence.objects.standing().filter(
            pk=licence.pk, quantity_g__gte=F("used_g") + grams
        )
        if room.update(used_g=F("used_g") + grams):
            return licence
    said = {"mark": Mark(paper.kind).label, "crop": lot.crop}
    if not licences:
        raise QuotaExceeded(
            _(
                "No licence on record lets %(crop)s from here carry the mark "
                "“%(mark)s” on these days. The county registers it first."
            )
            % said
        )
    nearest = licences[-1]
    nearest.refresh_from_db()
    raise QuotaExceeded(
        _(
            "Licence %(number)s allows %(allowed)s jin of %(crop)s until %(until)s; "
            "%(left)s jin of it are left."
        )
        % {
            **said,
            "number": nearest.number,
            "allowed": measures.jin(nearest.quantity_g),
            "until": date_format(nearest.valid_to),
            "left": measures.jin(nearest.free_g),
        }
    )


def unbook_marks(*, certificate: Certificate, grams: int, at: datetime) -> None:
    """Give back what a replaced certificate no longer covers. Call it inside the
    transaction that replaces it."""
    if not grams:
        return
    for use in certificate.licence_uses.filter(quantity_g__gt=0):
        Licence.objects.filter(pk=use.licence_id).update(used_g=F("used_g") - grams)
        LicenceUse.objects.create(
            licence_id=use.licence_id,
            certificate=certificate,
            quantity_g=-grams,
            used_at=at,
        )
