"""Words on cards that depend on the reader's day and language."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from partners.measures import jin, yuan
from partners.spelling import reads_english
from partners.templatetags.market import spoken
from shop.listings.english import english
from shop.listings.models import Listing
from shop.listings.words import unit_words
from shop.storefront.filters import CategoryFilter
from shop.storefront.models import ProductCard, is_presale
from shop.storefront.pictures import illustration
from shop.storefront.queries import CardPage
from traceability.models import Event

register = template.Library()


@register.filter
def promise(card: ProductCard) -> str:
    """What the chip on a card's picture says, the most useful thing only."""
    if not card.on_sale:
        return _("No longer on sale")
    if card.sold_out:
        return _("Sold out")
    if card.harvest_on is not None and _near(card.harvest_on):
        return harvest_words(card)
    if card.tested:
        return _("Has a test report")
    if card.certified:
        return _("Has a certificate")
    return ""


def _near(day: date) -> bool:
    return (day - timezone.localdate()).days >= -7


@register.simple_tag
def card_list(cards: Iterable[ProductCard]) -> SafeString:
    """A grid of cards. A card that was drawn once is not drawn again.

    Its version says whether it changed; what else it differs by are the reader's
    language and day.
    """
    language, today = get_language(), timezone.localdate()
    return format_html(
        '<ul class="grid-cards">{}</ul>',
        format_html_join(
            "", "<li>{}</li>", ((_drawn_card(each, language, today),) for each in cards)
        ),
    )


@register.simple_tag
def picture_of(listing: Listing) -> SafeString:
    """A listing's small square picture on its tint, for a line of a basket."""
    if listing.photos:
        photo = listing.stored_photos[0]
        return format_html(
            '<span class="thumb"><img class="photo" src="{}" alt="" width="72" '
            'height="72" loading="lazy"></span>',
            photo.url("small"),
        )
    drawn = illustration(listing.picture)
    return format_html(
        '<span class="thumb tint-{}"><img src="{}" alt="" width="54" height="54" '
        'loading="lazy"></span>',
        drawn.tint,
        static(drawn.path),
    )


MOST_DRAWN = 8000
_drawn: dict[tuple[int, int, str | None, date], SafeString] = {}


def _drawn_card(card: ProductCard, language: str | None, today: date) -> SafeString:
    key = (card.product_id, card.version, language, today)
    if key not in _drawn:
        if len(_drawn) >= MOST_DRAWN:
            _drawn.clear()
        _drawn[key] = render_to_string("parts/card.html", {"card": card})
    return _drawn[key]


def forget_cards() -> None:
    """For another database in the same process, as tests have."""
    _drawn.clear()


class Verb(NamedTuple):
    """How a kind of produce is brought in: to come, yesterday, on an earlier day."""

    coming: str
    yesterday: str
    past: str


_PLUCKED = Verb(
    gettext_noop("Picking %(day)s"),
    gettext_noop("Picked yesterday"),
    gettext_noop("Picked %(day)s"),
)
_CAUGHT = Verb(
    gettext_noop("Catching %(day)s"),
    gettext_noop("Caught yesterday"),
    gettext_noop("Caught %(day)s"),
)
_DUG = Verb(
    gettext_noop("Digging up %(day)s"),
    gettext_noop("Dug up yesterday"),
    gettext_noop("Dug up %(day)s"),
)
_FRESH = Verb(
    gettext_noop("Fresh %(day)s"),
    gettext_noop("Fresh from yesterday"),
    gettext_noop("Fresh from %(day)s"),
)
VERBS = {
    "shui-guo": _PLUCKED,
    "shu-cai": _PLUCKED,
    "feng-mi-cha-yin": _PLUCKED,
    "shui-chan": _CAUGHT,
    "hua-mu-miao-mu": _DUG,
}


@register.filter
def gloss(card: ProductCard) -> str:
    """What it is in English, for English pages; "" on others or where unknown."""
    return english(card.crop) if reads_english() else ""


@register.filter
def harvest_words(card: ProductCard) -> str:
    """Picked yesterday, picking Wednesday, pre-sale 1 December: by its kind."""
    if card.harvest_on is None:
        return ""
    today = timezone.localdate()
    if card.is_presale(today):
        return _("Pre-sale, %(day)s") % {"day": spoken(card.harvest_on)}
    verb = VERBS.get(card.category_code, _FRESH)
    days = (card.harvest_on - today).days
    if days == -1:
        return _(verb.yesterday)
    words = verb.coming if days >= 0 else verb.past
    return _(words) % {"day": spoken(card.harvest_on)}


@register.filter
def coming(day: date | None) -> str:
    """When something that is bought now is picked; nothing where it is there."""
    today = timezone.localdate()
    if day is None or day < today:
        return ""
    if is_presale(day, today):
        return _("Pre-sale, picked %(day)s and sent then") % {"day": spoken(day)}
    return _("Picked %(day)s and sent then") % {"day": spoken(day)}


@register.filter
def unit_price(card: ProductCard) -> str:
    """¥5.80/斤."""
    unit = unit_words(card.unit)
    if unit == "pcs":
        return _("%(price)s each") % {"price": yuan(card.unit_price_fen)}
    return _("%(price)s per %(unit)s") % {
        "price": yuan(card.unit_price_fen),
        "unit": unit,
    }


@register.filter
def freight_from(card: ProductCard) -> str:
    """Freight from ¥6.00; free; empty where it is not known."""
    if card.lowest_freight_fen is None:
        return ""
    if card.lowest_freight_fen == 0:
        return _("free delivery")
    return _("freight from %(price)s") % {"price": _short(card.lowest_freight_fen)}


@register.filter
def short_yuan(amount_fen: int) -> str:
    """¥6 and ¥6.50: round sums without their zeros, where space is small."""
    return _short(amount_fen)


def _short(amount_fen: int) -> str:
    text = yuan(amount_fen)
    return text.removesuffix(".00")


@register.filter
def day_of(text: str) -> date | None:
    """The day of an ISO date or moment, as the traces keep them."""
    if not text:
        return None
    if len(text) == 10:
        return date.fromisoformat(text)
    return timezone.localtime(datetime.fromisoformat(text)).date()


def told(event: dict[str, object]) -> dict[str, object]:
    """An event of a trace as the timeline shows it."""
    kind = Event.Kind(str(event["kind"]))
    note = str(event.get("note") or "")
    if kind == Event.Kind.SPRAY:
        note = _("%(substance)s, safe after %(days)s days") % {
            "substance": event["substance"],
            "days": event["interval_days"],
        }
    weight_g = event.get("weight_g")
    title = str(kind.label)
    if isinstance(weight_g, int):
        title = _("%(what)s, %(jin)s jin") % {"what": title, "jin": jin(weight_g)}
    return {"title": title, "at": day_of(str(event["at"])), "note": note}


@register.filter
def month_name(month: int) -> str:
    """11月, November."""
    if (get_language() or "").startswith("zh"):
        # Django's catalogue has 十一月; on a calendar people read 11月.
        return f"{month}月"
    return date_format(date(2000, month, 1), "F")


STRIP_HEIGHT = 24


@register.filter
def bar_height(height: int) -> int:
    """A bar of the strip is never so low that it looks like none at all."""
    return max(height, 2)


@register.filter
def bar_top(height: int) -> int:
    """Where a bar that stands on the ground begins."""
    return STRIP_HEIGHT - bar_height(height)


@register.simple_tag
def address_of(chosen: CategoryFilter, what: str, value: str | int) -> str:
    """The list as it is chosen, with another place or month."""
    if what == "month":
        return chosen.in_month(int(value))
    return chosen.of_place(str(value))


@register.simple_tag
def page_marks(here: str, page: CardPage) -> dict[str, str]:
    """Addresses of the neighbouring pages of the list at `here` ("?…")."""
    joint = "" if here.endswith("?") else "&"
    return {
        "next": f"{here}{joint}after={page.after}" if page.after else "",
        "previous": f"{here}{joint}before={page.before}" if page.before else "",
    }


@register.simple_tag
def timeline_of(events: list[dict[str, object]]) -> list[dict[str, object]]:
    """A trace's events as the timeline takes them."""
    return [told(event) for event in events]
