"""Minting labels and putting them on packages; recalling what is in them."""

from datetime import date, datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners import measures
from partners.people import Person
from traceability import codes, merkle, queries, signing
from traceability.models import (
    Certificate,
    CertificateBalance,
    KeyPurpose,
    Label,
    LabelBatch,
    LeafKind,
    Lot,
    StatusEvent,
)
from traceability.operations.counters import take_numbers
from traceability.operations.keys import register_key
from traceability.operations.log import append_leaf
from traceability.operations.lots import hold_links
from traceability.operations.statuses import record_status
from traceability.queries.signed import batch_statement
from traceability.signals import lot_recalled

MAX_BATCH = 100_000
MAX_PACK_G = 10**7  # ten tonnes: more is a slip of the finger
# The database counts by itself: 50,000 rows need not be spelled out for it.
_ROWS = """
    INSERT INTO traceability_label (number, batch_id, scan_count)
    WITH RECURSIVE numbers(number) AS (
        SELECT CAST(%s AS bigint)
        UNION ALL
        SELECT number + 1 FROM numbers WHERE number < %s)
    SELECT number, %s, 0 FROM numbers"""
_KEY_LOST = gettext_lazy(
    "The key behind this certificate is not trusted any more. Issue a new one."
)


class UnableToMint(Exception):
    """The labels cannot be made; the message says what to change."""


class UnableToPack(Exception):
    """The label cannot go on a package; the message says why and what to do."""


class UnableToVoid(Exception):
    """The label cannot be voided; the message says why."""


class UnableToRecall(Exception):
    """The lot is recalled already, or no reason is given."""


def mint_labels(
    *,
    certificate: Certificate,
    count: int,
    product_name: str,
    pack_g: int,
    expires_on: date | None = None,
    scratch: bool = False,
    by: Person,
    at: datetime,
) -> LabelBatch:
    """Make `count` labels for packages of `pack_g` grams under a certificate.

    With `scratch` each has a hidden code too. One line of the log vouches for all of
    them. Errors: UnableToMint where the certificate covers less or is withdrawn, or
    the lot is recalled; signing.MissingKey.
    """
    if not 0 < count <= MAX_BATCH:
        raise UnableToMint(
            _("Make between 1 and %(most)s labels at a time.") % {"most": MAX_BATCH}
        )
    if pack_g <= 0:
        raise UnableToMint(_("Give a weight of more than zero."))
    if pack_g > MAX_PACK_G:
        raise UnableToMint(_("One pack has ten tonnes at most."))
    key = register_key(purpose=KeyPurpose.CERTIFICATE, at=at)
    with transaction.atomic():
        _book(certificate, count * pack_g)
        first = take_numbers(name="label", count=count)
        numbers = range(first, first + count)
        leaves = [merkle.leaf_hash(codes.code_of(n).encode()) for n in numbers]
        batch = LabelBatch.objects.create(
            number=_next_number(at),
            certificate=certificate,
            lot_id=certificate.lot_id,
            product_name=product_name.strip(),
            pack_g=pack_g,
            count=count,
            first_number=first,
            root=merkle.root_of(leaves).hex(),
            expires_on=expires_on,
            scratch=scratch,
            minted_by=by,
            minted_at=at,
        )
        with connection.cursor() as cursor:
            cursor.execute(_ROWS, [first, batch.last_number, batch.pk])
        facts: dict[str, str | int] = {
            "number": batch.number,
            "certificate": certificate.number,
            "count": count,
            "root": batch.root,
            "product": batch.product_name,
            "pack_g": pack_g,
            "key_id": key.key_id,
            "algorithm": key.algorithm,
        }
        # Lines of batches without these stay as they always were.
        if scratch:
            facts["scratch"] = True
        if expires_on is not None:
            facts["use_by"] = expires_on.isoformat()
        signer = signing.signer(KeyPurpose.CERTIFICATE, key.key_id)
        signature = signer.sign_text(batch_statement(**facts))
        append_leaf(
            kind=LeafKind.BATCH,
            body=facts | {"signature": signature},
            at=at,
            batch=batch,
        )
    return batch


def pack_label(*, code: str, at: datetime, by: Person) -> Label:
    """Activate a label because its package is packed. Exactly once: of two at the
    same moment one gets UnableToPack.

    Errors: UnableToPack for a code that is none of ours, used, voided, recalled,
    expired, or whose certificate was withdrawn.
    """
    number = codes.number_of(code)
    if number is None:
        raise UnableToPack(_("This is not one of our codes. Scan it again."))
    label = (
        Label.objects.select_related("batch__lot", "batch__certificate")
        .filter(pk=number)
        .first()
    )
    if label is None:
        raise UnableToPack(_("This label is not on record. Use another one."))
    with transaction.atomic():
        # Whoever replaces the certificate counts what is on packages.
        balances = CertificateBalance.objects.select_for_update()
        balances.get(pk=label.batch.certificate_id)
        packed = Label.objects.filter(pk=number, activated_at__isnull=True).update(
            activated_at=at
        )
        if not packed:
            raise UnableToPack(_("This label is on another package already."))
        _require_packable(label, timezone.localtime(at).date())
        label.activated_at = at
        record_status(status=StatusEvent.Status.ACTIVATED, label=label, by=by, at=at)
    return label


def void_label(*, label: Label, reason: str, by: Person, at: datetime) -> StatusEvent:
    """Take a spoilt or lost label out of use. What was on no package yet may be
    labelled anew. Errors: UnableToVoid."""
    if not reason.strip():
        raise UnableToVoid(_("Say why."))
    try:
        with transaction.atomic():
            # Whoever packs it just now goes first, or finds it voided. Locks are taken
            # in one order: balance, label.
            balance = CertificateBalance.objects.filter(
                pk=label.batch.certificate_id
            ).select_for_update()
            balance.get()
            packed = (
                Label.objects.select_for_update()
                .values_list("activated_at", flat=True)
                .get(pk=label.pk)
            )
            if packed is None:
                balance.update(labelled_g=F("labelled_g") - label.batch.pack_g)
            return record_status(
                status=StatusEvent.Status.VOIDED,
                label=label,
                reason=reason,
                by=by,
                at=at,
            )
    except IntegrityError as error:
        raise UnableToVoid(_("This label is voided already.")) from error


def recall_lot(*, lot: Lot, reason: str, by: Person, at: datetime) -> list[StatusEvent]:
    """Recall a lot and every lot it went into; all their labels show it at once.

    Sends `lot_recalled` once, inside the transaction.
    Errors: UnableToRecall.
    """
    if not reason.strip():
        raise UnableToRecall(_("Say why."))
    with transaction.atomic():
        hold_links()
        affected = {lot.pk} | queries.descendant_ids([lot.pk])
        already = queries.recalled_ids(affected)
        if lot.pk in already:
            raise UnableToRecall(_("This lot is recalled already."))
        lots = list(
            Lot.objects.select_for_update()
            .filter(pk__in=affected - already)
            .order_by("pk")
        )
        events = [
            record_status(
                status=StatusEvent.Status.RECALLED,
                lot=found,
                reason=reason,
                by=by,
                at=at,
            )
            for found in lots
        ]
        lot_recalled.send(
            sender=Lot, lot=lot, lots=lots, reason=reason.strip(), by=by, at=at
        )
    return events


def _book(certificate: Certificate, weight_g: int) -> None:
    """Put grams of the certificate on labels; the condition is the guard."""
    if certificate.status_events.exists():
        raise UnableToMint(_("This certificate is withdrawn."))
    if queries.signed_by_a_thief(certificate):
        raise UnableToMint(_KEY_LOST)
    if queries.recalled_ids([certificate.lot_id]):
        raise UnableToMint(_("This lot is recalled."))
    booked = CertificateBalance.objects.filter(
        pk=certificate.pk, quantity_g__gte=F("labelled_g") + weight_g
    ).update(labelled_g=F("labelled_g") + weight_g)
    if not booked:
        left = CertificateBalance.objects.get(pk=certificate.pk).free_g
        raise UnableToMint(
            _("The certificate covers only %(jin)s jin more.")
            % {"jin": measures.jin(left)}
        )


def _require_packable(label: Label, day: date) -> None:
    statuses = queries.statuses_of(label)
    if not queries.label_as_signed(label):
        raise UnableToPack(
            _("This label's record is not what was signed. Tell the county.")
        )
    if queries.signed_by_a_thief(label.batch.certificate, label.batch):
        raise UnableToPack(_KEY_LOST)
    if StatusEvent.Status.RECALLED in statuses:
        raise UnableToPack(_("This lot is recalled. Put the package aside."))
    if StatusEvent.Status.VOIDED in statuses:
        raise UnableToPack(_("This label was voided. Use another one."))
    if statuses & {StatusEvent.Status.REVOKED, StatusEvent.Status.SUPERSEDED}:
        raise UnableToPack(_("The certificate no longer holds. Use a new label."))
    expires_on = label.batch.expires_on
    if expires_on is not None and expires_on < day:
        raise UnableToPack(_("This label's use-by date has passed."))


def _next_number(at: datetime) -> str:
    year = timezone.localtime(at).year
    return f"B{year}-{take_numbers(name=f'batch:{year}'):06d}"
