"""Drafts: from a sentence to terms that a farmer can be asked about."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Unpack

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from oscar.core.loading import get_model

from logistics.models import FreightTemplate
from partners.files import Upload, store_image
from partners.organisations.models import Assistant
from shop.listings.cleaning import clean_line, clean_story
from shop.listings.models import Listing
from shop.listings.operations.catalogue import set_up_catalogue
from shop.listings.operations.consent import withdraw
from shop.listings.sentence import Reading, amounts, read
from shop.listings.signals import listing_changed
from shop.listings.terms import Changes, Question, missing

if TYPE_CHECKING:
    from oscar.apps.catalogue.models import Category

EDITABLE = (Listing.Status.DRAFT, Listing.Status.SENT)
LONGEST_SENTENCE = 200
MOST_PHOTOS = 6
SHORTEST_PHOTO_PX = 300
_LIMITS = {
    "pack_g": 1_000_000,
    "pieces": amounts.MOST_PIECES,
    "price_fen": amounts.DEAREST_FEN,
    "capacity_packs": amounts.MOST_PACKS,
    "margin_bp": 5_000,
}


# Questions that may stay open, and the field whose change answers them.
_ANSWERED_BY = {
    "harvest": "harvest_on",
    "freight": "freight_template",
    "claim": "description",
    "heard": "title",
}


class UnableToDraft(Exception):
    """The sentence is empty, or too long to be one."""


class UnableToCorrect(Exception):
    """The listing can no longer be corrected, or the correction is not possible."""


@transaction.atomic
def draft_listing(
    *, assistant: Assistant, said: str, at: datetime, **changes: Unpack[Changes]
) -> Listing:
    """A draft from one sentence; what could not be read is in `unread`, not guessed.

    Relative dates are read against `at` in Asia/Shanghai. `changes` are terms known
    otherwise; they win over what the sentence says.

    Errors: UnableToDraft; UnableToCorrect as `correct_draft`.
    """
    sentence = clean_line(said, limit=LONGEST_SENTENCE + 1)
    if len(sentence) > LONGEST_SENTENCE:
        raise UnableToDraft(_("Say it in one sentence of at most 200 characters."))
    if not sentence and not changes:
        raise UnableToDraft(_("Say what is for sale."))
    listing = Listing(
        assistant=assistant,
        said=sentence,
        freight_template=_usual_freight(),
        drafted_at=at,
        changed_at=at,
    )
    reading = read(sentence, assistant=assistant, today=timezone.localdate(at))
    listing.spans = [list(span) for span in reading.spans]
    listing.unread = [
        # What grows is asked for where its name is typed.
        asdict(one) | ({"field": "title"} if one.field == "crop" else {})
        for one in reading.unread
    ]
    _apply(listing, {**_terms_of(reading), **changes}, by=assistant)
    listing.unread = _still_open(listing, settled=changes)
    listing.save()
    return listing


def _terms_of(reading: Reading) -> Changes:
    """What a sentence said, as terms; what it did not say stays empty."""
    terms: Changes = {
        "farmer": reading.farmer,
        "title": reading.title,
        "pack_g": reading.pack_g,
        "pieces": reading.pieces,
        "piece_unit": reading.piece_unit,
        "container": reading.container,
        "price_fen": reading.price_fen,
        "harvest_on": reading.harvest_on,
        "capacity_packs": reading.capacity_packs,
    }
    if crop := reading.crop:
        terms |= {
            "crop": crop.name,
            "picture": crop.picture,
            "fresh": crop.fresh,
            "category": _category(crop.category),
        }
    return terms


def _category(code: str) -> "Category":
    categories = get_model("catalogue", "Category").objects
    found = categories.filter(code=code).first()
    if found is None:
        set_up_catalogue()
        found = categories.get(code=code)
    return found


def _usual_freight() -> FreightTemplate | None:
    """The template that was published last; the assistant may choose another."""
    return FreightTemplate.objects.in_force().order_by("-pk").first()


@transaction.atomic
def correct_draft(
    *, listing: Listing, by: Assistant, at: datetime, **changes: Unpack[Changes]
) -> Listing:
    """Change terms of a draft, or of an offer the farmer has not answered yet.

    What the farmer was asked is withdrawn: it must be sent and agreed to again.

    Errors: UnableToCorrect where it is on sale, denied or ended, where the farmer
    is not of the assistant's villages, or where a number is out of its limits.
    """
    held = Listing.objects.select_for_update().get(pk=listing.pk)
    if held.status not in EDITABLE:
        raise UnableToCorrect(_("This offer was answered and cannot be changed."))
    _apply(held, changes, by=by)
    held.unread = _still_open(held, settled=changes)
    withdraw(listing=held, at=at)
    held.status = Listing.Status.DRAFT
    held.changed_at = at
    held.save()
    return held


def _apply(listing: Listing, changes: Changes, *, by: Assistant) -> None:
    for name, most in _LIMITS.items():
        value = changes.get(name)
        if value is not None and not 0 <= int(str(value)) <= most:
            raise UnableToCorrect(_("One of the numbers is too large or below zero."))
    farmer = changes.get("farmer")
    if farmer is not None and not by.serves(farmer.village_id):
        raise UnableToCorrect(_("This farmer is not of your villages."))
    for name, value in changes.items():
        setattr(listing, name, value)
    listing.title = clean_line(listing.title, limit=40)
    listing.description = clean_story(listing.description)
    listing.village_id = listing.farmer.village_id if listing.farmer else None
    if listing.supermarket is None:
        listing.margin_bp = 0
    if listing.seller and listing.seller.farmer_id not in (None, listing.farmer_id):
        listing.seller = None


def _still_open(listing: Listing, *, settled: Iterable[str]) -> list[Question]:
    """The questions left after a change of the fields in `settled`."""
    said: dict[str, Question] = {one["field"]: one for one in listing.unread}
    hard: list[Question] = [
        said.get(name, {"field": name, "why": "missing", "words": ""})
        for name in missing(listing)
    ]
    soft = [
        said[name]
        for name, answer in _ANSWERED_BY.items()
        if name in said and answer not in settled
    ]
    return hard + soft


def add_photo(
    *, listing: Listing, file: Upload, by: Assistant, at: datetime
) -> Listing:
    """Keep a picture of the produce, at most six; the first one is on the card.

    Errors: UnableToStore where it is no picture; UnableToCorrect where there are
    six already or the listing is over.
    """
    del by
    stored = store_image(
        file, folder=f"listings/{at:%Y-%m}", shortest_px=SHORTEST_PHOTO_PX
    )
    with transaction.atomic():
        held = _with_photos(listing)
        known = {photo["sha256"] for photo in held.photos}
        if stored.sha256 in known:
            return held
        if len(known) >= MOST_PHOTOS:
            raise UnableToCorrect(_("Six photos are enough; take one away first."))
        held.photos = [*held.photos, stored.as_json()]
        return _keep_photos(held, at=at)


@transaction.atomic
def remove_photo(
    *, listing: Listing, sha256: str, by: Assistant, at: datetime
) -> Listing:
    """Take a picture away; the crop's illustration stands in where none is left.

    Errors: UnableToCorrect where the listing is over.
    """
    del by
    held = _with_photos(listing)
    held.photos = [photo for photo in held.photos if photo["sha256"] != sha256]
    return _keep_photos(held, at=at)


def _with_photos(listing: Listing) -> Listing:
    held = Listing.objects.select_for_update().get(pk=listing.pk)
    if held.status in (Listing.Status.DENIED, Listing.Status.ENDED):
        raise UnableToCorrect(_("This offer is over."))
    return held


def _keep_photos(held: Listing, *, at: datetime) -> Listing:
    held.changed_at = at
    held.save(update_fields=["photos", "changed_at"])
    if held.status == Listing.Status.ON_SALE:
        listing_changed.send(sender=Listing, listing=held)
    return held


@transaction.atomic
def drop_draft(*, listing: Listing, by: Assistant, at: datetime) -> None:
    """Throw a draft away, with what the farmer may have been asked.

    Errors: UnableToCorrect where it was answered.
    """
    del by, at
    held = Listing.objects.select_for_update().get(pk=listing.pk)
    if held.status not in EDITABLE:
        raise UnableToCorrect(_("This offer was answered and cannot be changed."))
    held.delete()


@transaction.atomic
def clear_drafts(*, listings: Iterable[Listing], by: Assistant, at: datetime) -> int:
    """Throw several drafts away at once, or none; how many there were.

    Errors: UnableToCorrect where one of them was sent or answered meanwhile.
    """
    del by, at
    keys = {listing.pk for listing in listings}
    held = Listing.objects.select_for_update().filter(pk__in=keys).order_by("pk")
    for listing in held:
        if listing.status != Listing.Status.DRAFT:
            raise UnableToCorrect(
                _("“%(title)s” is no draft any more; nothing was thrown away.")
                % {"title": listing.title or listing.said}
            )
    gone = len(held)
    held.delete()
    return gone


@transaction.atomic
def take_back(*, listing: Listing, by: Assistant, at: datetime) -> Listing:
    """Make an offer that waits for its farmer a draft again; the request is void.

    Errors: UnableToCorrect where the farmer has answered meanwhile.
    """
    del by
    held = Listing.objects.select_for_update().get(pk=listing.pk)
    if held.status not in EDITABLE:
        raise UnableToCorrect(_("This offer was answered and cannot be changed."))
    withdraw(listing=held, at=at)
    held.status = Listing.Status.DRAFT
    held.changed_at = at
    held.save(update_fields=["status", "changed_at"])
    return held


# Every term that can be corrected, and what it was read from.
_CARRIED_OVER = (*Changes.__annotations__, "village", "said", "spans", "photos")


def draft_again(*, listing: Listing, by: Assistant, at: datetime) -> Listing:
    """A new draft with the terms of an offer that was denied or is over.

    What was denied stays denied; the farmer is asked about the new one anew.

    Errors: UnableToCorrect where the offer is neither.
    """
    if listing.status not in (Listing.Status.DENIED, Listing.Status.ENDED):
        raise UnableToCorrect(_("This offer still runs; change it instead."))
    draft = Listing(
        assistant=by,
        drafted_at=at,
        changed_at=at,
        **{name: getattr(listing, name) for name in _CARRIED_OVER},
    )
    draft.unread = _still_open(draft, settled=())
    draft.save()
    return draft
