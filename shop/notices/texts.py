"""Every text message we may send: its words, what they need, how long they matter.

To add one, add a line here, its Chinese to the catalogue, and in production the codes
of the wordings that the carrier approved, one a language (`ALIYUN_SMS_TEMPLATES`;
`python manage.py text_wordings` prints what to submit). A text says numbers
and links, and nothing about a person that its receiver does not need.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override


@dataclass(frozen=True)
class Text:
    """A wording and its blanks. `secret`: its words are forgotten once sent."""

    wording: Any
    blanks: tuple[str, ...]
    lasts: timedelta | None = None
    secret: bool = False


TEXTS: dict[str, Text] = {
    "login_code": Text(
        gettext_lazy(
            "Your code to log in is %(code)s. It is good for 5 minutes. "
            "Tell it to nobody, not even to us."
        ),
        ("code",),
        lasts=timedelta(minutes=5),
        secret=True,
    ),
    "listing_confirm": Text(
        gettext_lazy(
            "%(product)s, %(pack)s for %(price)s: shall we sell it for you? "
            "Say yes or no here: %(link)s or tell your assistant the code %(code)s."
        ),
        ("product", "pack", "price", "link", "code"),
        secret=True,
    ),
    "listing_price": Text(
        gettext_lazy(
            "%(product)s, %(pack)s: may the price come down to %(price)s? "
            "Say yes or no here: %(link)s or tell your assistant the code %(code)s."
        ),
        ("product", "pack", "price", "link", "code"),
        secret=True,
    ),
    "order_paid": Text(
        gettext_lazy("Order %(number)s is paid, %(total)s. Follow it here: %(link)s"),
        ("number", "total", "link"),
    ),
    "order_cancelled": Text(
        gettext_lazy("Order %(number)s is cancelled. Details: %(link)s"),
        ("number", "link"),
    ),
    "order_refunded": Text(
        gettext_lazy(
            "%(amount)s of order %(number)s is on its way back to where you paid from. "
            "Details: %(link)s"
        ),
        ("number", "amount", "link"),
    ),
    "payment_goes_back": Text(
        gettext_lazy(
            "We received %(amount)s that order %(number)s was not waiting for. It goes "
            "back to where you paid from. Details: %(link)s"
        ),
        ("number", "amount", "link"),
    ),
    "parcel_handed_over": Text(
        gettext_lazy(
            "%(goods)s of order %(number)s left the village with %(carrier)s, "
            "waybill %(waybill)s. Follow it here: %(link)s"
        ),
        ("number", "goods", "carrier", "waybill", "link"),
    ),
    "parcel_delivered": Text(
        gettext_lazy(
            "%(goods)s of order %(number)s arrived. Once you have all of it, say so "
            "here: %(link)s"
        ),
        ("number", "goods", "link"),
    ),
    "lot_recalled": Text(
        gettext_lazy(
            "%(product)s of order %(number)s is recalled. Please do not eat or use it. "
            "Why, and what now: %(link)s"
        ),
        ("number", "product", "link"),
    ),
    "station_recall": Text(
        gettext_lazy(
            "Lot %(lot)s (%(product)s) is recalled. Put its packages aside, pack none "
            "and hand none out: %(link)s"
        ),
        ("lot", "product", "link"),
    ),
    "farmer_owed": Text(
        gettext_lazy("%(amount)s more is yours. What for: %(link)s"),
        ("amount", "link"),
    ),
    "benefit_disbursed": Text(
        gettext_lazy(
            "%(amount)s was handed to your family. Please say here that you have it, "
            "or that you have not: %(link)s"
        ),
        ("amount", "link"),
    ),
}


class UnknownText(LookupError):
    """No text has this name, or the words given are not the ones it needs."""


def require(template: str, words: Mapping[str, str]) -> Text:
    """The text, whose blanks `words` must fill exactly.

    Errors: UnknownText, naming the text and what is missing or too much.
    """
    text = TEXTS.get(template)
    if text is None:
        raise UnknownText(f"There is no text {template!r}.")
    if set(words) != set(text.blanks):
        raise UnknownText(
            f"{template} needs {sorted(text.blanks)}, not {sorted(words)}."
        )
    return text


def told_in() -> set[str]:
    """The languages in which every text can be sent.

    A carrier sends approved wordings only: one language more is a wording more of each
    text, `login_code.en` beside `login_code`.
    """
    languages = {code for code, _name in settings.LANGUAGES}
    if not settings.TEXT_PROVIDER.endswith("AliyunProvider"):
        return languages
    approved = settings.ALIYUN_SMS_TEMPLATES
    return {
        language
        for language in languages
        if all(approved_as(name, language) in approved for name in TEXTS)
    }


def approved_as(template: str, language: str) -> str:
    """By which name the settings know a text's approved wording in a language."""
    county = language == settings.LANGUAGE_CODE
    return template if county else f"{template}.{language}"


def render(template: str, words: Mapping[str, str], *, language: str) -> str:
    """The message as its receiver reads it."""
    text = require(template, words)
    with override(language):
        return _("[Xiangji] %(message)s") % {"message": str(text.wording) % words}
