"""Money that comes in from supermarkets and goes out to households."""

import hashlib
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from partners import queries
from partners.files import (
    StoredDocument,
    StoredImage,
    UnableToStore,
    Upload,
    store_document,
    store_image,
)
from partners.identity import random_number
from partners.ledger import operations as ledger
from partners.ledger.operations import Line
from partners.measures import yuan
from partners.models import (
    AccrualLine,
    Disbursement,
    DisbursementPhoto,
    Draw,
    Funding,
    Household,
    PayIn,
    Supermarket,
)
from partners.people import Person
from partners.shares import fund
from partners.signals import disbursement_made
from partners.supervision import operations as supervision
from partners.supervision.registry import Case, Concern, Drawing

PHOTO_LIMIT = 9


class UnableToPayIn(Exception):
    """The payment cannot be recorded; the message says why."""


class UnableToDisburse(Exception):
    """Nothing was handed out; the message says why. `concerns`: rules that block."""

    def __init__(self, message: str, concerns: Sequence[Concern] = ()) -> None:
        super().__init__(message)
        self.concerns = list(concerns)


@dataclass(frozen=True)
class Photo:
    """A photo to keep with a disbursement. `public` only where no person is on it."""

    file: Upload
    stage: str = DisbursementPhoto.Stage.DURING
    public: bool = False


@transaction.atomic
def pay_in(
    *,
    supermarket: Supermarket,
    amount_fen: int,
    reference: str,
    by: Person,
    at: datetime,
) -> PayIn:
    """Record that a supermarket paid its share into the benefit fund's account.

    The oldest month is paid first; within a month each household's line gets its
    part of what it misses. The same bank reference again is the same payment, however
    it is typed: width, case and spaces do not count.

    Errors: UnableToPayIn where it is more than is owed, the reference belongs to
    another sum or another supermarket, or `by` may not record money.
    """
    if not by.has_perm("partners.record_money"):
        raise UnableToPayIn(_("Only a county operator records payments."))
    reference = _as_the_bank_prints_it(reference)
    if amount_fen <= 0 or not reference:
        raise UnableToPayIn(_("Enter the sum and the bank's reference number."))
    Supermarket.objects.select_for_update().get(pk=supermarket.pk)
    known = PayIn.objects.filter(reference=reference).first()
    if known is not None:
        return _same_payment(known, supermarket=supermarket, amount_fen=amount_fen)
    owed_fen = queries.owed_fen(supermarket=supermarket)
    if amount_fen > owed_fen:
        raise UnableToPayIn(
            _("%(supermarket)s owes %(owed)s; %(amount)s is more than that.")
            % {
                "supermarket": supermarket,
                "owed": yuan(owed_fen),
                "amount": yuan(amount_fen),
            }
        )
    # The bank's number is not for the public ledger: its hash is enough for once.
    digest = hashlib.sha256(reference.encode()).hexdigest()[:24]
    entry = ledger.post(
        key=f"pay-in:{supermarket.pk}:{digest}",
        kind="share_paid_in",
        lines=[
            Line("benefit:fund", amount_fen),
            Line(f"supermarket:{supermarket.pk}:share", -amount_fen),
        ],
        subject=f"supermarket:{supermarket.pk}",
        at=at,
    )
    try:
        with transaction.atomic():
            paid = PayIn.objects.create(
                supermarket=supermarket,
                amount_fen=amount_fen,
                reference=reference,
                recorded_by=by,
                entry=entry.pk,
                paid_at=at,
            )
    except IntegrityError as error:
        # Somebody recorded it for another supermarket in this very moment.
        raise UnableToPayIn(_("The books changed meanwhile. Try again.")) from error
    _fund_lines(paid)
    return paid


def _as_the_bank_prints_it(reference: str) -> str:
    return "".join(unicodedata.normalize("NFKC", reference).upper().split())


def _same_payment(known: PayIn, *, supermarket: Supermarket, amount_fen: int) -> PayIn:
    """The payment that was recorded before, where this is it."""
    if known.supermarket_id != supermarket.pk:
        raise UnableToPayIn(
            _("This bank reference was recorded for %(supermarket)s.")
            % {"supermarket": known.supermarket}
        )
    if known.amount_fen != amount_fen:
        raise UnableToPayIn(
            _("This bank reference was recorded with %(amount)s.")
            % {"amount": yuan(known.amount_fen)}
        )
    return known


def _fund_lines(paid: PayIn) -> None:
    """Stand the payment behind the oldest lines that miss money."""
    rest = paid.amount_fen
    by_accrual: dict[int, list[AccrualLine]] = {}
    for line in queries.lines_missing_money(supermarket=paid.supermarket):
        by_accrual.setdefault(line.accrual_id, []).append(line)
    fundings = []
    for lines in by_accrual.values():
        missing = [line.amount_fen - line.funded_fen for line in lines]
        part = min(rest, sum(missing))
        rest -= part
        for line, amount in zip(
            lines, fund(amount_fen=part, missing_fen=missing), strict=True
        ):
            if amount:
                fundings.append(Funding(pay_in=paid, line=line, amount_fen=amount))
    if rest:
        raise UnableToPayIn(_("The books changed meanwhile. Try again."))
    for funding in fundings:
        AccrualLine.objects.filter(pk=funding.line_id).update(
            funded_fen=F("funded_fen") + funding.amount_fen
        )
    Funding.objects.bulk_create(fundings)


def disburse(
    *,
    household: Household,
    amount_fen: int,
    kind: str,
    receipt: Upload | None,
    photos: Sequence[Photo | Upload],
    by: Person,
    at: datetime,
    goods: str = "",
    key: str = "",
) -> Disbursement:
    """Record what was handed to a household, with the paper and photos that prove it.

    Takes from what was paid in for this household, the oldest month first. `goods`
    names what was given where `kind` is goods. `key` makes a repeated form harmless.

    Errors: UnableToDisburse where it is more than was paid in for the household, a
    hard rule of supervision stands against it, or a file is not what it should be.
    """
    if not by.has_perm("partners.record_money"):
        raise UnableToDisburse(_("Only a county operator records disbursements."))
    if amount_fen <= 0:
        raise UnableToDisburse(_("Enter the sum."))
    if kind == Disbursement.Kind.GOODS and not goods.strip():
        raise UnableToDisburse(_("Say which goods were given."))
    wanted = [p if isinstance(p, Photo) else Photo(p) for p in photos]
    if len(wanted) > PHOTO_LIMIT:
        raise UnableToDisburse(
            _("At most %(limit)s photos. Choose the ones that show it best.")
            % {"limit": PHOTO_LIMIT}
        )
    key = key or secrets.token_hex(16)
    known = Disbursement.objects.filter(key=key, household=household).first()
    if known is not None:
        return known
    try:
        paper = receipt and store_document(receipt, folder=f"receipts/{at:%Y-%m}")
        pictures = [_kept(photo, at=at) for photo in wanted]
    except UnableToStore as error:
        raise UnableToDisburse(str(error)) from error
    with transaction.atomic():
        made, concerns = _disburse(
            Disbursement(
                number=random_number(),
                key=key,
                household=household,
                amount_fen=amount_fen,
                kind=kind,
                goods=goods.strip()[:120],
                recorded_by=by,
                disbursed_at=at,
            ),
            paper=paper or None,
            pictures=pictures,
            photos=wanted,
        )
    if made is None:
        sentences = " ".join(concern.sentence for concern in concerns)
        raise UnableToDisburse(sentences, concerns)
    return made


def _kept(photo: Photo, *, at: datetime) -> StoredImage:
    return store_image(photo.file, folder=f"disbursed/{at:%Y-%m}", private=True)


def _disburse(
    made: Disbursement,
    *,
    paper: StoredDocument | None,
    pictures: Sequence[StoredImage],
    photos: Sequence[Photo],
) -> tuple[Disbursement | None, list[Concern]]:
    """The disbursement, or None and the hard concerns, which are then on record."""
    household = Household.objects.select_for_update().get(pk=made.household_id)
    drawings = _drawings(household=household, amount_fen=made.amount_fen)
    case = Case(
        household=household,
        amount_fen=made.amount_fen,
        kind=made.kind,
        has_receipt=paper is not None,
        photo_count=len(pictures),
        drawings=drawings,
        at=made.disbursed_at,
    )
    concerns = supervision.examine(case)
    hard = [concern for concern in concerns if concern.hard]
    if hard or paper is None:
        supervision.record_blocked(case=case, concerns=hard)
        return None, hard
    entry = ledger.post(
        key=f"disbursement:{made.number}",
        kind="share_disbursed",
        lines=[
            Line(f"household:{household.pk}:benefit", made.amount_fen),
            Line("benefit:fund", -made.amount_fen),
        ],
        subject=f"disbursement:{made.number}",
        at=made.disbursed_at,
    )
    made.receipt = paper.name
    made.receipt_sha256 = paper.sha256
    made.entry = entry.pk
    made.save(force_insert=True)
    for drawing in drawings:
        AccrualLine.objects.filter(pk=drawing.line.pk).update(
            disbursed_fen=F("disbursed_fen") + drawing.amount_fen
        )
    Draw.objects.bulk_create(
        Draw(disbursement=made, line=drawing.line, amount_fen=drawing.amount_fen)
        for drawing in drawings
    )
    DisbursementPhoto.objects.bulk_create(
        DisbursementPhoto(
            disbursement=made,
            stage=photo.stage,
            image=picture.as_json(),
            published_by=made.recorded_by if photo.public else None,
            published_at=made.disbursed_at if photo.public else None,
        )
        for photo, picture in zip(photos, pictures, strict=True)
    )
    supervision.record_concerns(disbursement=made, concerns=concerns)
    disbursement_made.send(Disbursement, disbursement=made, at=made.disbursed_at)
    return made, concerns


def _drawings(*, household: Household, amount_fen: int) -> tuple[Drawing, ...]:
    """Which lines the sum comes out of, the oldest month first.

    Errors: UnableToDisburse where less than the sum was paid in for the household.
    """
    standing = queries.standing_of(household=household)
    if amount_fen > standing.ready_fen:
        raise UnableToDisburse(
            _(
                "%(ready)s can be handed out now: %(accrued)s accrued, "
                "%(funded)s of it paid in, %(disbursed)s handed out before."
            )
            % {
                "ready": yuan(standing.ready_fen),
                "accrued": yuan(standing.accrued_fen),
                "funded": yuan(standing.funded_fen),
                "disbursed": yuan(standing.disbursed_fen),
            }
        )
    drawings, rest = [], amount_fen
    for line in queries.lines_ready(household=household):
        part = min(rest, line.funded_fen - line.disbursed_fen)
        rest -= part
        drawings.append(Drawing(line, part))
        if not rest:
            break
    return tuple(drawings)


def publish_photo(*, photo: DisbursementPhoto, by: Person, at: datetime) -> None:
    """Show a photo to the public: `by` says that no person can be known on it.

    Errors: UnableToDisburse where `by` may not say so.
    """
    if not by.has_perm("partners.record_money"):
        raise UnableToDisburse(_("Only a county operator makes photos public."))
    DisbursementPhoto.objects.filter(pk=photo.pk, published_at__isnull=True).update(
        published_by=by, published_at=at
    )


def withdraw_photo(*, photo: DisbursementPhoto, by: Person) -> None:
    """Take a photo off the public board again; it stays with the disbursement.

    Errors: UnableToDisburse where `by` may not say so.
    """
    if not by.has_perm("partners.record_money"):
        raise UnableToDisburse(_("Only a county operator makes photos public."))
    DisbursementPhoto.objects.filter(pk=photo.pk).update(
        published_by=None, published_at=None
    )
