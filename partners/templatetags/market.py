"""Filters every page has: money, weight, names and dates in the reader's words."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners import measures
from partners.phones import mask_phone
from partners.privacy import mask_name
from partners.spelling import place_told, region_told

register = template.Library()
register.filter("yuan", measures.yuan)
register.filter("jin", measures.jin)
register.filter("kilograms", measures.kilograms)
register.filter("masked", mask_name)
register.filter("place", place_told)
register.filter("masked_phone", mask_phone)


@register.simple_tag
@lru_cache(maxsize=1024)
def icon(name: str, label: str = "") -> SafeString:
    """One drawing of the sprite `icons.svg`; silent to screen readers, or labelled.

    `name` is the id of a symbol there (Lucide's name: "leaf", "map-pin").
    """
    address = f"{static('icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"/></svg>',
            label,
            address,
        )
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}"/></svg>', address
    )


@register.filter
def basis_points(value: int) -> str:
    """1250 -> "12.5%"."""
    return f"{value / 100:g}%"


# What laboratories write, word for word; anything else is shown as it was written.
_FOUND = {
    "未检出": gettext_lazy("nothing detected"),
    "合格": gettext_lazy("passed"),
    "未检出,合格": gettext_lazy("nothing detected, passed"),
}


@register.filter
def found(result: str) -> str:
    """A test's result in the reader's language, where the words are known."""
    return str(_FOUND.get(result.replace("，", ","), result))


@register.filter
def places(names: Iterable[object]) -> str:
    """Villages, each once, listed as this reader lists things."""
    return listed(dict.fromkeys(place_told(str(one)) for one in names))


@register.filter
def listed(words: Iterable[object]) -> str:
    """永固、鹿溪; on English pages with commas."""
    return _(", ").join(str(word) for word in words)


@register.filter
def region(name: str) -> str:
    """湖南; on English pages Hunan. Several, joined by 、, each by itself."""
    return listed(region_told(one) for one in name.split("、"))


@register.filter
def spoken(moment: datetime | date | None) -> str:
    """Today 10:32, Wednesday, 18 November: as short as it can be understood."""
    if moment is None:
        return ""
    day, clock = _day_and_clock(moment)
    today = timezone.localdate()
    near = {
        today - timedelta(days=1): _("yesterday"),
        today: _("today"),
        today + timedelta(days=1): _("tomorrow"),
    }
    if day in near:
        words = near[day]
    elif timedelta(0) < day - today < timedelta(days=7):
        # Django's catalogue has 星期三; people say 周三.
        words = date_format(day, "l").replace("星期", "周")
        if day.isocalendar().week != today.isocalendar().week:
            # On a Thursday 周三 is yesterday's; the one to come is 下周三.
            words = _("next %(weekday)s") % {"weekday": words}
    else:
        words = date_format(
            day, "MONTH_DAY_FORMAT" if day.year == today.year else "DATE_FORMAT"
        )
    return f"{words} {clock}".strip()


@register.filter(expects_localtime=True)
def weekday(moment: datetime | date) -> str:
    """11月26日 星期四; in English the weekday comes first, Thursday 26 November."""
    return _("%(weekday)s %(day)s") % {
        "weekday": date_format(moment, "l"),
        "day": date_format(moment, "MONTH_DAY_FORMAT"),
    }


def _day_and_clock(moment: datetime | date) -> tuple[date, str]:
    if isinstance(moment, datetime):
        local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
        return local.date(), f"{local:%H:%M}"
    return moment, ""
