"""Keeping the certificates that came with produce."""

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.people import Person
from traceability.models import Certificate, CollectedCertificate, Lot

_LONGEST_AGO = timedelta(days=2 * 366)
_MOST_G = 10**10


class UnableToCollect(Exception):
    """The certificate cannot be kept; the message says what to change."""


def collect_certificate(
    *,
    lot: Lot,
    form: str,
    number: str,
    product: str,
    quantity_g: int,
    origin: str,
    promisor: str,
    contact: str,
    issued_on: date,
    by: Person,
    at: datetime,
) -> CollectedCertificate:
    """Keep what a certificate says that came with produce which went into the lot.

    Its number is the one it bears, or one that the keeper gives it: many are written
    by hand. Errors: UnableToCollect.
    """
    if form not in Certificate.Form.values:
        raise UnableToCollect(_("Choose whose certificate this is."))
    if not all(text.strip() for text in (number, product, origin, promisor, contact)):
        raise UnableToCollect(_("Copy every line of the certificate."))
    if not 0 < quantity_g <= _MOST_G:
        raise UnableToCollect(_("Give a weight of more than zero."))
    today = timezone.localtime(at).date()
    if not today - _LONGEST_AGO <= issued_on <= today:
        raise UnableToCollect(_("Look at the day of issue again."))
    try:
        with transaction.atomic():
            return CollectedCertificate.objects.create(
                lot=lot,
                form=form,
                number=number.strip(),
                product=product.strip(),
                quantity_g=quantity_g,
                origin=origin.strip(),
                promisor=promisor.strip(),
                contact=contact.strip(),
                issued_on=issued_on,
                collected_by=by,
                collected_at=at,
            )
    except IntegrityError as error:
        raise UnableToCollect(
            _("A certificate of this number is kept for this lot already.")
        ) from error
