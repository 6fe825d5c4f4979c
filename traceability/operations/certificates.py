"""Issuing certificates, and saying that one no longer holds."""

import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from stdnum.cn import uscc as social_credit_code

from partners import measures
from partners.organisations.queries import full_name
from partners.people import Person
from traceability import queries, regulation, signing
from traceability.canonical import canonical_json, commitment, sha256_hex, timestamp
from traceability.models import (
    Certificate,
    CertificateBalance,
    Event,
    Evidence,
    KeyPurpose,
    LeafKind,
    Lot,
    StatusEvent,
)
from traceability.operations import quotas
from traceability.operations.counters import take_numbers
from traceability.operations.events import LONGEST_AGO
from traceability.operations.keys import register_key
from traceability.operations.log import append_leaf
from traceability.operations.statuses import record_status
from traceability.signals import certificate_revoked

# 3: the promisor's social credit code, and the certificates collected for it.
DOCUMENT_VERSION = 3


class UnableToCertify(Exception):
    """The lot cannot be certified so; the message says what to change."""


class UnableToWithdraw(Exception):
    """The certificate is withdrawn already, or no reason is given."""


def issue_certificate(
    *,
    lot: Lot,
    basis: Sequence[str],
    quantity_g: int,
    promisor: str,
    contact: str,
    form: str = Certificate.Form.HOUSEHOLD,
    uscc: str = "",
    by: Person,
    at: datetime,
) -> Certificate:
    """Sign a 承诺达标合格证 for so many grams of a lot, and log it.

    `basis` are keys of regulation.BASES that the form has; `promisor` is who promises
    and `contact` how to reach them: both are signed as salted hashes only. `uscc` is an
    organisation's social credit code, signed in clear. A buyer's names the certificates
    collected for the lot. Numbers run per county and year without gaps.

    Errors: UnableToCertify where the lot holds less, is recalled, is not harvested yet
    or was inside a spray's safety interval, or land or licence allow less;
    signing.MissingKey.
    """
    _require_facts(basis=basis, promisor=promisor, contact=contact, form=form)
    uscc = _checked_uscc(form, uscc)
    key = register_key(purpose=KeyPurpose.CERTIFICATE, at=at)
    with transaction.atomic():
        _book(lot, quantity_g)
        _require_fit(lot, basis, at)
        _require_land(lot)
        disclosure = {
            "promisor": {"value": promisor.strip(), "salt": secrets.token_hex(16)},
            "contact": {"value": contact.strip(), "salt": secrets.token_hex(16)},
        }
        number = _next_number(at)
        document = canonical_json(
            _document(
                number=number,
                lot=lot,
                form=form,
                uscc=uscc,
                collected=_collected(lot, form),
                basis=basis,
                quantity_g=quantity_g,
                disclosure=disclosure,
                key_id=key.key_id,
                algorithm=key.algorithm,
                at=at,
            )
        )
        certificate = Certificate.objects.create(
            number=number,
            lot=lot,
            form=form,
            quantity_g=quantity_g,
            document=document,
            disclosure=json.dumps(disclosure, ensure_ascii=False),
            sha256=sha256_hex(document),
            signature=signing.signer(KeyPurpose.CERTIFICATE, key.key_id).sign_text(
                document
            ),
            key=key,
            algorithm=key.algorithm,
            issued_at=at,
            issued_by=by,
        )
        CertificateBalance.objects.create(
            certificate=certificate, quantity_g=quantity_g
        )
        _book_marks(certificate, at)
        append_leaf(
            kind=LeafKind.CERTIFICATE,
            body={
                "number": number,
                "sha256": certificate.sha256,
                "key_id": key.key_id,
                "algorithm": key.algorithm,
                "signature": certificate.signature,
            },
            at=at,
            certificate=certificate,
        )
    return certificate


def revoke_certificate(
    *, certificate: Certificate, reason: str, by: Person, at: datetime
) -> StatusEvent:
    """Say in public that a certificate must not be relied on. Its quantity stays
    booked: produce that was certified wrongly is not certified again.

    Also one that was replaced: packages are out under its labels.

    Sends `certificate_revoked` inside the transaction. Errors: UnableToWithdraw.
    """
    with transaction.atomic():
        status = _withdraw(
            certificate, StatusEvent.Status.REVOKED, reason=reason, by=by, at=at
        )
        certificate_revoked.send(
            sender=Certificate, certificate=certificate, reason=reason, at=at
        )
    return status


def supersede_certificate(
    *, certificate: Certificate, reason: str, by: Person, at: datetime
) -> StatusEvent:
    """End a certificate because the produce is mixed or repacked under a new one.

    What it covered and is on no package yet is free again in its lot.
    Errors: UnableToWithdraw.
    """
    with transaction.atomic():
        # Packing waits for the balance too, so that the sum below stays true.
        CertificateBalance.objects.select_for_update().get(pk=certificate.pk)
        status = _withdraw(
            certificate, StatusEvent.Status.SUPERSEDED, reason=reason, by=by, at=at
        )
        free_g = queries.repackable_g(certificate)
        Lot.objects.filter(pk=certificate.lot_id).update(
            certified_g=F("certified_g") - free_g
        )
        quotas.unbook_marks(certificate=certificate, grams=free_g, at=at)
    return status


def _withdraw(
    certificate: Certificate, status: str, *, reason: str, by: Person, at: datetime
) -> StatusEvent:
    if not reason.strip():
        raise UnableToWithdraw(_("Say why."))
    with transaction.atomic():
        Lot.objects.select_for_update().get(pk=certificate.lot_id)
        said = set(certificate.status_events.values_list("status", flat=True))
        if status == StatusEvent.Status.REVOKED:
            # Replaced, yet its labels are on packages that must not be relied on.
            said.discard(StatusEvent.Status.SUPERSEDED)
        if said:
            raise UnableToWithdraw(_("This certificate is withdrawn already."))
        return record_status(
            status=status, certificate=certificate, reason=reason, by=by, at=at
        )


def _require_facts(
    *, basis: Sequence[str], promisor: str, contact: str, form: str
) -> None:
    if form not in Certificate.Form.values:
        raise UnableToCertify(_("Choose whose certificate this is."))
    needed = regulation.FORMS[form].needs_basis
    if needed and needed not in basis:
        raise UnableToCertify(
            _("A buyer promises on the ground of the certificates collected.")
        )
    if not basis or not set(basis) <= set(regulation.FORMS[form].bases):
        raise UnableToCertify(_("Say what the promise is based on."))
    if not promisor.strip() or not contact.strip():
        raise UnableToCertify(_("Say who promises and how to reach them."))


def _checked_uscc(form: str, uscc: str) -> str:
    """The code as it is signed; empty for whoever has none."""
    rules, code = regulation.FORMS[form], uscc.strip().upper()
    if not rules.has_uscc:
        return ""
    if not code and not rules.needs_uscc:
        return ""
    if not code:
        raise UnableToCertify(_("Give the promisor's 18-character social credit code."))
    if not social_credit_code.is_valid(code):
        raise UnableToCertify(
            _("This is no social credit code: a character is mistyped or missing.")
        )
    return social_credit_code.compact(code)


def _collected(lot: Lot, form: str) -> list[str]:
    """The numbers that a buyer's certificate names; none for growers."""
    if form != Certificate.Form.BUYER:
        return []
    bare = queries.without_certificates(lot)
    if bare:
        raise UnableToCertify(
            _("Collect the growers' certificates first. There is none for: %(lots)s.")
            % {"lots": ", ".join(one.number for one in bare)}
        )
    return queries.certificates_behind(lot)


def _book(lot: Lot, quantity_g: int) -> None:
    """Take grams of the lot under the certificate; the condition is the guard."""
    if quantity_g <= 0:
        raise UnableToCertify(_("Give a weight of more than zero."))
    booked = Lot.objects.filter(
        pk=lot.pk, weight_g__gte=F("split_g") + F("certified_g") + quantity_g
    ).update(certified_g=F("certified_g") + quantity_g)
    lot.refresh_from_db(fields=["split_g", "certified_g"])
    if not booked:
        raise UnableToCertify(
            _("Only %(jin)s jin of this lot are left to certify.")
            % {"jin": measures.jin(lot.free_g)}
        )


def _require_fit(lot: Lot, basis: Sequence[str], at: datetime) -> None:
    affected = {lot.pk} | queries.ancestor_ids([lot.pk])
    if queries.recalled_ids(affected):
        raise UnableToCertify(_("This lot is recalled."))
    day = lot.harvest_date
    today = timezone.localtime(at).date()
    if day > today:
        raise UnableToCertify(
            _("This is harvested on %(date)s. Certify it then.")
            % {"date": date_format(day)}
        )
    if day < today - LONGEST_AGO:
        raise UnableToCertify(_("This was harvested years ago: it is history."))
    safe_from = queries.safe_harvest_date_of(lot=lot, day=day)
    if safe_from is not None and day < safe_from:
        raise UnableToCertify(
            _("Harvested too soon after spraying: it was safe from %(date)s on.")
            % {"date": date_format(safe_from)}
        )
    reported = lot.evidence.filter(kind=Evidence.Kind.TEST_REPORT).exists()
    if "commissioned_test" in basis and not reported:
        raise UnableToCertify(_("Attach the test report first."))
    tested = queries.standing_events(lot).filter(kind=Event.Kind.TEST).exists()
    if "self_test" in basis and not reported and not tested:
        raise UnableToCertify(_("Record the test, or attach its report, first."))


def _require_land(lot: Lot) -> None:
    try:
        quotas.require_land(lot=lot)
    except quotas.QuotaExceeded as error:
        raise UnableToCertify(str(error)) from error


def _book_marks(certificate: Certificate, at: datetime) -> None:
    day = timezone.localtime(at).date()
    try:
        quotas.book_marks(certificate=certificate, day=day, at=at)
    except quotas.QuotaExceeded as error:
        raise UnableToCertify(str(error)) from error


def _document(
    *,
    number: str,
    lot: Lot,
    form: str,
    uscc: str,
    collected: Sequence[str],
    basis: Sequence[str],
    quantity_g: int,
    disclosure: dict[str, dict[str, str]],
    key_id: str,
    algorithm: str,
    at: datetime,
) -> dict[str, Any]:
    """The signed text's content. Keys and codes never change their meaning; a new
    meaning gets a new version."""
    return {
        "title": regulation.TITLE,
        "version": DOCUMENT_VERSION,
        "number": number,
        "form": form,
        "uscc": uscc,
        "collected": list(collected),
        "promises": list(regulation.FORMS[form].promises),
        "basis": sorted(set(basis)),
        "product": lot.product_name,
        "quantity_g": quantity_g,
        "origin": {
            "code": lot.village_id,
            "name": full_name(lot.village_id),
        },
        "lot": lot.number,
        "harvest_date": lot.harvest_date.isoformat(),
        "evidence": [_paper(paper) for paper in lot.evidence.all()],
        "promisor": {"sha256": commitment(**disclosure["promisor"])},
        "contact": {"sha256": commitment(**disclosure["contact"])},
        "issued_at": timestamp(at),
        "key_id": key_id,
        "algorithm": algorithm,
    }


def _paper(paper: Evidence) -> dict[str, str]:
    """A paper with all that pages say of it, so that none of it can be changed."""
    return {
        "kind": paper.kind,
        "sha256": paper.sha256,
        "title": paper.title,
        "result": paper.result,
        "identifier": paper.identifier,
        "done_on": paper.done_on.isoformat() if paper.done_on else "",
    }


def _next_number(at: datetime) -> str:
    prefix, year = settings.CERTIFICATE_PREFIX, timezone.localtime(at).year
    serial = take_numbers(name=f"certificate:{prefix}:{year}")
    return f"{prefix}-{year}-{serial:06d}"
