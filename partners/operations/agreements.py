"""What binds a supermarket to households: agreements signed, households paired."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from partners.models import Agreement, Household, Pairing, Supermarket
from partners.organisations.operations import record
from partners.people import Person


class UnableToSign(Exception):
    """The agreement cannot be signed as it stands; the message says why.

    `field` names the argument it is about, where it is about one.
    """

    def __init__(self, words: str, *, field: str = "") -> None:
        super().__init__(words)
        self.field = field


class UnableToPair(Exception):
    """The household cannot be paired so; the message says why, `field` where."""

    def __init__(self, words: str, *, field: str = "") -> None:
        super().__init__(words)
        self.field = field


def sign_agreement(
    *,
    supermarket: Supermarket,
    starts_on: date,
    ends_on: date,
    rate_bp: int,
    cap_fen: int,
    at: datetime,
    basis: str = Agreement.Basis.ALL,
    by: Person | None = None,
) -> Agreement:
    """Bind a supermarket to give `rate_bp` (1/10,000) of its monthly profit.

    `cap_fen` is the most a month, over store and platform together.

    Errors: UnableToSign where rate, cap or dates make no sense, or another
    agreement already counts the same sales on some of the days.
    """
    if by is not None and not by.has_perm("partners.register"):
        raise UnableToSign(_("Only a county operator signs agreements."))
    if not 1 <= rate_bp <= 10_000:
        raise UnableToSign(
            _("The share must be between 0.01% and 100% of profit."), field="rate_bp"
        )
    if cap_fen <= 0:
        raise UnableToSign(_("The most a month must be more than ¥0."), field="cap_fen")
    if ends_on < starts_on:
        raise UnableToSign(_("The agreement ends before it starts."), field="ends_on")
    with transaction.atomic():
        Supermarket.objects.select_for_update().get(pk=supermarket.pk)
        overlapping = Agreement.objects.filter(
            supermarket=supermarket, starts_on__lte=ends_on, ends_on__gte=starts_on
        )
        if basis != Agreement.Basis.ALL:
            overlapping = overlapping.filter(basis__in=[basis, Agreement.Basis.ALL])
        if overlapping.exists():
            raise UnableToSign(
                _("Another agreement already counts these sales on some of the days."),
                field="starts_on",
            )
        agreement = Agreement.objects.create(
            supermarket=supermarket,
            starts_on=starts_on,
            ends_on=ends_on,
            rate_bp=rate_bp,
            cap_fen=cap_fen,
            basis=basis,
            signed_by=by,
            signed_at=at,
        )
        record(
            act="sign_agreement",
            subject=f"supermarket:{supermarket.pk}",
            detail=f"agreement:{agreement.pk}",
            by=by,
            at=at,
        )
    return agreement


def pair(
    *,
    agreement: Agreement,
    household: Household,
    weight: int,
    at: datetime,
    from_on: date | None = None,
    by: Person | None = None,
) -> Pairing:
    """Give a household a part in an agreement, from `from_on` or from its start.

    Parts count from the month `from_on` lies in; months already approved stay.
    `by=None` is the system itself; anybody else needs `partners.register`.

    Errors: UnableToPair where the weight is not positive, the day lies outside the
    agreement, they are paired already, or `by` may not.
    """
    _require_pairer(by)
    if weight <= 0:
        raise UnableToPair(
            _("The weight must be a whole number above zero."), field="weight"
        )
    starts = from_on or agreement.starts_on
    if not agreement.starts_on <= starts <= agreement.ends_on:
        raise UnableToPair(
            _("The agreement runs from %(first)s to %(last)s.")
            % {
                "first": date_format(agreement.starts_on),
                "last": date_format(agreement.ends_on),
            },
            field="from_on",
        )
    try:
        with transaction.atomic():
            pairing = Pairing.objects.create(
                agreement=agreement,
                household=household,
                weight=weight,
                from_on=starts,
                paired_at=at,
            )
            _on_record("pair", pairing, by=by, at=at)
    except IntegrityError as error:
        raise UnableToPair(
            _("This household already has a part in the agreement."), field="agreement"
        ) from error
    return pairing


def end_pairing(
    *, pairing: Pairing, on: date, at: datetime, by: Person | None = None
) -> Pairing:
    """Stop the household's part: the month of `on` is the last that counts.

    Errors: UnableToPair where it has ended already, begins later, or `by` may not.
    """
    _require_pairer(by)
    if on < pairing.from_on:
        raise UnableToPair(
            _("It begins on %(day)s only.") % {"day": date_format(pairing.from_on)},
            field="on",
        )
    with transaction.atomic():
        ended = Pairing.objects.filter(pk=pairing.pk, ended_on__isnull=True)
        if not ended.update(ended_on=on):
            raise UnableToPair(_("This pairing has already ended."))
        _on_record("end_pairing", pairing, by=by, at=at)
    pairing.refresh_from_db()
    return pairing


def _require_pairer(by: Person | None) -> None:
    if by is not None and not by.has_perm("partners.register"):
        raise UnableToPair(_("Only a county operator pairs households."))


def _on_record(act: str, pairing: Pairing, *, by: Person | None, at: datetime) -> None:
    record(
        act=act,
        subject=f"household:{pairing.household_id}",
        detail=f"agreement:{pairing.agreement_id}",
        by=by,
        at=at,
    )
