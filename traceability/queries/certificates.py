"""What is known about certificates."""

import json

from django.db.models import F, Sum
from django.utils.translation import gettext as _

from partners.organisations.models import Station
from partners.privacy import mask_name
from traceability.models import (
    Certificate,
    CollectedCertificate,
    Label,
    Lot,
    StatusEvent,
)
from traceability.queries.lots import ancestor_ids


def certificate_of_lot(lot: Lot) -> Certificate | None:
    """The newest certificate of the lot that stands."""
    return (
        Certificate.objects.filter(lot=lot, status_events__isnull=True)
        .order_by("-pk")
        .first()
    )


def certificates_behind(lot: Lot) -> list[str]:
    """Numbers of the certificates of what went into the lot: those collected from
    outside, and our own that were never revoked, replaced ones included."""
    behind = {lot.pk} | ancestor_ids([lot.pk])
    collected = CollectedCertificate.objects.filter(lot__in=behind)
    own = Certificate.objects.filter(lot__in=behind - {lot.pk}).exclude(
        status_events__status=StatusEvent.Status.REVOKED
    )
    numbers = {
        *collected.values_list("number", flat=True),
        *own.values_list("number", flat=True),
    }
    return sorted(numbers)


def without_certificates(lot: Lot) -> list[Lot]:
    """The lots that went straight into this one and for which no certificate is kept;
    the lot itself where nothing went into it and none is kept for it."""
    if lot.collected_certificates.exists():
        return []
    parents = [link.parent for link in lot.parents.select_related("parent")]
    bare = [one for one in parents if not _is_covered(one)]
    return bare if parents else [lot]


def _is_covered(lot: Lot) -> bool:
    own = lot.certificates.exclude(status_events__status=StatusEvent.Status.REVOKED)
    return own.exists() or bool(certificates_behind(lot))


def repackable_g(certificate: Certificate) -> int:
    """Grams under the certificate that are on no package yet: what has gone out under
    its labels cannot be mixed or packed anew."""
    packed = Label.objects.filter(
        batch__certificate=certificate, activated_at__isnull=False
    ).aggregate(grams=Sum(F("batch__pack_g")))
    return certificate.quantity_g - (packed["grams"] or 0)


def disclosed(certificate: Certificate, field: str) -> str:
    """Who promises, or the contact, in clear: for the copy that goes with the goods."""
    value: str = json.loads(certificate.disclosure)[field]["value"]
    return value


def told_in_public(certificate: Certificate, field: str) -> str:
    """Who promises, or the contact, as everybody may read it.

    Organisations stand with their name; of a household only the family name, and its
    contact is the village's service station.
    """
    value = disclosed(certificate, field)
    if certificate.form != Certificate.Form.HOUSEHOLD:
        return value
    if field == "promisor":
        return mask_name(value)
    village = certificate.lot.village
    try:
        station = f"{village.station.name} {village.station.phone}".strip()
    except Station.DoesNotExist:
        return _("Through the village committee of %(village)s") % {
            "village": village.name
        }
    return station
