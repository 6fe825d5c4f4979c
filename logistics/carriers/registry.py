"""Which carriers parcels can be given to, and through which interface."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from logistics.carriers.base import Gateway
from logistics.carriers.kuaidi100 import Kuaidi100

# Codes are 快递100's; `settings.CARRIERS` says which of them a county uses.
COMPANIES = {
    "youzhengguonei": _("China Post"),
    "ems": _("EMS"),
    "shunfeng": _("SF Express"),
    "zhongtong": _("ZTO Express"),
    "yuantong": _("YTO Express"),
    "yunda": _("Yunda Express"),
    "shentong": _("STO Express"),
    "jtexpress": _("J&T Express"),
    "jd": _("JD Logistics"),
    "debangkuaidi": _("Deppon Express"),
    "shilikuaidi": _("Sample Express"),
}


class UnknownCarrier(Exception):
    """No carrier, or no carrier's interface, of that name is in use here."""


def carriers() -> list[tuple[str, str]]:
    """Code and name of every carrier in use, the usual one first."""
    return [(code, name(code)) for code in settings.CARRIERS]


def usual() -> str:
    """The code of the carrier that a station hands to unless it says otherwise."""
    return str(settings.CARRIERS[0])


def name(code: str) -> str:
    """What people call the carrier."""
    return str(COMPANIES.get(code, code))


def gateway(carrier: str) -> Gateway:
    """The interface that speaks for a carrier. Errors: UnknownCarrier."""
    if carrier not in settings.CARRIERS:
        raise UnknownCarrier(carrier)
    return Kuaidi100.configured()


def interface(slug: str) -> Gateway:
    """The interface by its own name, as in its push address. Errors: UnknownCarrier."""
    if slug != Kuaidi100.slug:
        raise UnknownCarrier(slug)
    return Kuaidi100.configured()
