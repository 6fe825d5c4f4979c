"""How a pack is spoken of."""

from django.utils.translation import gettext as _

from partners.measures import GRAMS_PER_JIN, jin


def weight_words(weight_g: int) -> str:
    """5斤, 250克: by 斤 from half of one up, where that is a short number."""
    if weight_g >= GRAMS_PER_JIN // 2 and weight_g % 50 == 0:
        return _("%(jin)s jin") % {"jin": jin(weight_g)}
    return _("%(grams)s g") % {"grams": weight_g}


def pack_words(
    *, pack_g: int | None, pieces: int | None, piece_unit: str, container: str
) -> str:
    """5斤装, 30枚装, 1株, 500克/瓶, 8只约5斤. Empty where nothing is known."""
    parts = []
    if pieces:
        parts.append(
            _("%(count)s %(unit)s") % {"count": f"{pieces:,}", "unit": piece_unit}
        )
    if pack_g:
        parts.append(weight_words(pack_g))
    if not parts:
        return ""
    amount = " · ".join(parts)
    if container:
        return _("%(amount)s a %(container)s") % {
            "amount": amount,
            "container": container,
        }
    if pieces == 1 and not pack_g:
        return amount
    return _("pack of %(amount)s") % {"amount": amount}


def title_words(
    *, pack_g: int | None, pieces: int | None, piece_unit: str, container: str
) -> str:
    """The pack as part of a product's title, which is Chinese for every reader."""
    counted = f"{pieces}{piece_unit}" if pieces else ""
    weighed = ""
    if pack_g:
        spoken = pack_g >= GRAMS_PER_JIN // 2 and pack_g % 50 == 0
        weighed = f"{jin(pack_g)}斤" if spoken else f"{pack_g}克"
    amount = f"{counted}约{weighed}" if counted and weighed else counted or weighed
    if container:
        return f"{amount}/{container}"
    return amount if pieces == 1 and not pack_g else f"{amount}装"
