"""Vouching for boxes: a signed code with all the facts for each label of a batch."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners.people import Person
from traceability import boxcodes, merkle, queries
from traceability.models import BoxIssue, KeyPurpose, LabelBatch, LeafKind, SigningKey
from traceability.operations.keys import register_key
from traceability.operations.log import append_leaf


class UnableToIssueBoxes(Exception):
    """Box codes cannot be made for the batch; the message says why and what to do."""


def issue_boxes(*, batch: LabelBatch, by: Person, at: datetime) -> BoxIssue:
    """Sign a box code for every label of a batch. One line of the log vouches for all.

    The same key again is harmless: the issue that is there is returned. Errors:
    UnableToIssueBoxes where the facts are too long, the key is not published yet, or
    the batch must not be put on packages any more; signing.MissingKey.
    """
    key = register_key(purpose=KeyPurpose.BOX, at=at)
    found = BoxIssue.objects.filter(batch=batch, key=key).first()
    if found is not None:
        return found
    _require_published(key)
    _require_standing(batch, timezone.localtime(at).date())
    issued_at = at.replace(microsecond=0)
    issue = BoxIssue(batch=batch, key=key, issued_at=issued_at, issued_by_id=by.pk)
    numbers = range(batch.first_number, batch.first_number + batch.count)
    messages = queries.signed_boxes(issue, numbers)
    _require_short(messages[0])
    issue.root = merkle.root_of([merkle.leaf_hash(it) for it in messages]).hex()
    try:
        with transaction.atomic():
            issue.leaf = append_leaf(
                kind=LeafKind.BOXES,
                body={
                    "batch": batch.number,
                    "count": batch.count,
                    "root": issue.root,
                    "key_id": key.key_id,
                    "algorithm": key.algorithm,
                },
                at=at,
            )
            issue.save()
    except IntegrityError:
        # Somebody else was faster: theirs are as good.
        return BoxIssue.objects.get(batch=batch, key=key)
    return issue


def _require_published(key: SigningKey) -> None:
    """A phone knows a key only from the published list."""
    if key.key_id not in queries.box_keys():
        raise UnableToIssueBoxes(
            _("The key for box codes is not published yet. Try again in a minute.")
        )


def _require_standing(batch: LabelBatch, day: date) -> None:
    certificate = batch.certificate
    if queries.recalled_ids([batch.lot_id]):
        raise UnableToIssueBoxes(_("This lot is recalled: print no labels for it."))
    if certificate.status_events.exists():
        raise UnableToIssueBoxes(_("This certificate is withdrawn."))
    if not queries.certificate_holds(certificate):
        raise UnableToIssueBoxes(
            _("This label's record is not what was signed. Tell the county.")
        )
    if batch.expires_on is not None and batch.expires_on < day:
        raise UnableToIssueBoxes(_("This label's use-by date has passed."))


def _require_short(message: bytes) -> None:
    try:
        boxcodes.address(message)
    except boxcodes.BoxCodeTooLong as error:
        # Three bytes of a Chinese sign are nearly five of base 32.
        signs = -(-error.signs // 5)
        raise UnableToIssueBoxes(
            ngettext(
                "Product and village are %(signs)s Chinese sign too long for a box "
                "code. Make labels with a shorter product name.",
                "Product and village are %(signs)s Chinese signs too long for a box "
                "code. Make labels with a shorter product name.",
                signs,
            )
            % {"signs": signs}
        ) from error
