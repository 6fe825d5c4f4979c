"""Asking the farmer, and the farmer's answer. Nothing is on sale without a yes."""

import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import override

from partners.limits import Limit, TooOften, give_back, spend
from partners.measures import yuan
from partners.organisations.models import Assistant, Farmer
from shop.listings.cleaning import clean_line
from shop.listings.models import Consent, Listing
from shop.listings.operations.catalogue import seller_for
from shop.listings.operations.sale import publish, set_price
from shop.listings.templatetags.produce import with_english
from shop.listings.terms import fingerprint, missing
from shop.notices.operations import send_text
from shop.notices.queries import language_for
from shop.users.login import wrong_code

LINK_LASTS = timedelta(days=3)
MOST_WRONG_CODES = 5
MOST_ASKED_A_DAY = 5
# One request is not the only one: whoever guesses could make another, and another.
CODES_OF_FARMER = Limit("consent-codes", 10, timedelta(days=1))
ASKED_OF_FARMER = Limit("consents", 30, timedelta(days=1))
_TEXTS = {
    Consent.Subject.LISTING: "listing_confirm",
    Consent.Subject.PRICE: "listing_price",
}


class UnableToSend(Exception):
    """The offer is not complete, or the farmer was asked too often today."""


class UnableToAnswer(Exception):
    """The link or code is not valid (any more), or the answer came second."""


class WrongCode(UnableToAnswer):
    """The code is not the one that was sent; one try less is left."""


class UnableToChangePrice(Exception):
    """The price is not one, or the offer is not on sale."""


class Asked(NamedTuple):
    """What was asked, with the link's token and the code, kept nowhere else."""

    consent: Consent
    token: str
    code: str


class PriceChange(NamedTuple):
    """Whether the new price holds already, or what the farmer was asked."""

    applied: bool
    asked: Asked | None


def _hash_token(token: str) -> str:
    return salted_hmac("listings.consent.token", token, algorithm="sha256").hexdigest()


def _hash_code(token_hash: str, code: str) -> str:
    # Bound to its own request: the same digits elsewhere hash to something else.
    return salted_hmac(
        "listings.consent.code", f"{token_hash}:{code}", algorithm="sha256"
    ).hexdigest()


@transaction.atomic
def send_to_farmer(*, listing: Listing, by: Assistant, at: datetime) -> Asked:
    """Ask the farmer by text message: a link and a six-digit code, for three days.

    Sending again withdraws the earlier link and code.

    Errors: UnableToSend where a term is missing, where it is not a draft or
    waiting, or where this farmer was asked five times about it within a day, or
    thirty times about anything.
    """
    held = Listing.objects.select_for_update().get(pk=listing.pk)
    if held.status not in (Listing.Status.DRAFT, Listing.Status.SENT):
        raise UnableToSend(_("This offer was answered already."))
    if missing(held):
        raise UnableToSend(_("Fill in what is still missing first."))
    assert held.farmer is not None
    if not by.serves(held.farmer.village_id):
        raise UnableToSend(_("This farmer is not of your villages."))
    held.village_id = held.farmer.village_id
    if held.seller_id is None:
        held.seller = seller_for(farmer=held.farmer)
    held.status = Listing.Status.SENT
    held.terms = fingerprint(held)
    held.changed_at = at
    held.save()
    assert held.price_fen is not None
    return _ask(
        listing=held,
        subject=Consent.Subject.LISTING,
        price_fen=held.price_fen,
        by=by,
        at=at,
    )


def _ask(
    *,
    listing: Listing,
    subject: Consent.Subject,
    price_fen: int,
    by: Assistant,
    at: datetime,
) -> Asked:
    since = at - timedelta(days=1)
    if listing.consents.filter(asked_at__gt=since).count() >= MOST_ASKED_A_DAY:
        raise UnableToSend(
            _("The farmer was asked five times today. Call, or wait until tomorrow.")
        )
    assert listing.farmer is not None
    try:
        spend(limit=ASKED_OF_FARMER, subject=listing.farmer.phone, at=at)
    except TooOften as error:
        raise UnableToSend(
            _("The farmer was asked too often today. Wait until tomorrow.")
        ) from error
    withdraw(listing=listing, at=at)
    token = secrets.token_urlsafe(24)
    code = f"{secrets.randbelow(1_000_000):06d}"
    token_hash = _hash_token(token)
    consent = Consent.objects.create(
        listing=listing,
        subject=subject,
        token_hash=token_hash,
        code_hash=_hash_code(token_hash, code),
        terms=listing.terms,
        price_fen=price_fen,
        asked_at=at,
        expires_at=at + LINK_LASTS,
    )
    phone, key = listing.farmer.phone, f"consent:{consent.pk}"
    language = language_for(phone=phone, key=key)
    with override(language):
        params = {
            "product": with_english(listing.title),
            "pack": listing.pack,
            "price": yuan(price_fen),
            "link": reverse("listings:confirm", args=[token]),
            "code": code,
        }
    send_text(
        phone=phone,
        template=_TEXTS[subject],
        params=params,
        at=at,
        key=key,
        language=language,
    )
    return Asked(consent=consent, token=token, code=code)


def withdraw(*, listing: Listing, at: datetime) -> bool:
    """Make the open request worthless; whether there was one to withdraw."""
    return bool(
        listing.consents.filter(answer="").update(
            answer=Consent.Answer.WITHDRAWN, answered_at=at
        )
    )


@transaction.atomic
def withdraw_questions(*, farmer: Farmer, at: datetime) -> int:
    """Make every open request to a farmer worthless: they went to another number.

    An offer that waited is a draft again; how many requests there were.
    """
    found = Listing.objects.select_for_update().filter(farmer=farmer)
    withdrawn = 0
    for listing in found.filter(consents__answer="").order_by("pk"):
        withdrawn += withdraw(listing=listing, at=at)
        if listing.status == Listing.Status.SENT:
            listing.status, listing.changed_at = Listing.Status.DRAFT, at
            listing.save(update_fields=["status", "changed_at"])
    return withdrawn


def consent_of(*, token: str) -> Consent | None:
    """The request behind a link, answered or not; None for a made-up link."""
    return (
        Consent.objects.select_related(
            "listing__farmer", "listing__village", "listing__assistant__user"
        )
        .filter(token_hash=_hash_token(token))
        .first()
    )


def confirm_listing(
    *,
    at: datetime,
    token: str = "",
    listing: Listing | None = None,
    code: str = "",
) -> Listing:
    """The farmer's yes: an offer goes on sale, a lower price holds.

    Two ways: the link, which only the farmer's phone received (`token`); or, for a
    phone without a browser, the code told to the assistant (`listing` and `code`).
    A code that is given must be right either way.

    Errors: WrongCode (five of them close the request, ten a day all the farmer's
    requests); UnableToAnswer where the request is unknown, expired, answered or
    withdrawn.
    """
    consent = _open_consent(token=token, listing=listing, code=code, at=at)
    way = Consent.Way.LINK if token else Consent.Way.CODE
    with transaction.atomic():
        held = Listing.objects.select_for_update().get(pk=consent.listing_id)
        _answer(consent, Consent.Answer.YES, way=way, at=at)
        if held.terms != consent.terms:
            raise UnableToAnswer(_("The offer was changed. Ask for a new link."))
        if consent.subject == Consent.Subject.PRICE:
            held.agreed_price_fen = consent.price_fen
            return set_price(listing=held, price_fen=consent.price_fen, at=at)
        if held.price_fen != consent.price_fen:
            raise UnableToAnswer(_("The offer was changed. Ask for a new link."))
        held.agreed_terms = consent.terms
        held.agreed_price_fen = consent.price_fen
        held.agreed_at = at
        held.save(update_fields=["agreed_terms", "agreed_price_fen", "agreed_at"])
        publish(listing=held, at=at)
    held.refresh_from_db()
    return held


def deny_listing(
    *,
    at: datetime,
    token: str = "",
    listing: Listing | None = None,
    code: str = "",
    reason: str = "",
) -> Listing:
    """The farmer's no: the offer never appears; a lower price is not taken.

    Errors: as `confirm_listing`.
    """
    consent = _open_consent(token=token, listing=listing, code=code, at=at)
    way = Consent.Way.LINK if token else Consent.Way.CODE
    with transaction.atomic():
        held = Listing.objects.select_for_update().get(pk=consent.listing_id)
        _answer(
            consent,
            Consent.Answer.NO,
            way=way,
            at=at,
            reason=clean_line(reason, limit=120),
        )
        if consent.subject == Consent.Subject.LISTING:
            held.status = Listing.Status.DENIED
            held.changed_at = at
            held.save(update_fields=["status", "changed_at"])
    return held


def _open_consent(
    *, token: str, listing: Listing | None, code: str, at: datetime
) -> Consent:
    if token:
        consent = consent_of(token=token)
    elif listing is not None and code:
        consent = listing.consents.filter(answer="").first()
    else:
        raise UnableToAnswer(_("Open the link from the message, or enter the code."))
    if consent is None:
        raise UnableToAnswer(_("This link is not valid. Ask for a new one."))
    if consent.answer:
        raise UnableToAnswer(_("This was answered already."))
    if consent.expires_at <= at:
        raise UnableToAnswer(_("This link has expired. Ask for a new one."))
    if code:
        _spend_try(consent, code=code, at=at)
    return consent


def _spend_try(consent: Consent, *, code: str, at: datetime) -> None:
    """Count the try first, then look: parallel guesses cannot share one."""
    spent = Consent.objects.filter(
        pk=consent.pk, answer="", wrong_codes__lt=MOST_WRONG_CODES
    ).update(wrong_codes=F("wrong_codes") + 1)
    if not spent:
        raise UnableToAnswer(_("Too many wrong codes. Send a new message."))
    farmer = consent.listing.farmer
    assert farmer is not None
    of_farmer: dict[str, Any] = {
        "limit": CODES_OF_FARMER,
        "subject": farmer.phone,
        "at": at,
    }
    try:
        spend(**of_farmer)
    except TooOften as error:
        raise UnableToAnswer(
            _("Too many wrong codes for this farmer today. The link still works.")
        ) from error
    digits = code.strip()
    if not constant_time_compare(
        _hash_code(consent.token_hash, digits), consent.code_hash
    ):
        consent.refresh_from_db(fields=["wrong_codes"])
        left = MOST_WRONG_CODES - consent.wrong_codes
        raise WrongCode(wrong_code(left=left))
    give_back(**of_farmer)


def _answer(
    consent: Consent,
    answer: Consent.Answer,
    *,
    way: Consent.Way,
    at: datetime,
    reason: str = "",
) -> None:
    """One answer wins: yes and no at the same moment cannot both be written."""
    won = Consent.objects.filter(pk=consent.pk, answer="").update(
        answer=answer, way=way, reason=reason, answered_at=at
    )
    if not won:
        raise UnableToAnswer(_("This was answered already."))


@transaction.atomic
def change_price(
    *, listing: Listing, price_fen: int, by: Assistant, at: datetime
) -> PriceChange:
    """Change the price of what is on sale.

    At or above the price the farmer agreed to: at once. Below it the farmer is
    asked, and the old price stays until the yes.

    Errors: UnableToChangePrice where it is not on sale or no price; UnableToSend.
    """
    held = Listing.objects.select_for_update().get(pk=listing.pk)
    if held.status != Listing.Status.ON_SALE:
        raise UnableToChangePrice(_("This offer is not on sale."))
    if not 0 < price_fen <= 10_000_000:
        raise UnableToChangePrice(_("Enter a price above zero."))
    assert held.agreed_price_fen is not None
    if price_fen >= held.agreed_price_fen:
        withdraw(listing=held, at=at)
        set_price(listing=held, price_fen=price_fen, at=at)
        return PriceChange(applied=True, asked=None)
    asked = _ask(
        listing=held,
        subject=Consent.Subject.PRICE,
        price_fen=price_fen,
        by=by,
        at=at,
    )
    return PriceChange(applied=False, asked=asked)
