"""What a GS1 Digital Link of ours leads to.

Source: GS1 Digital Link 1.2 (the address), GS1-Conformant Resolver 1.2 (what answers
it) and RFC 9264 (the set of links). Only `01`, the GTIN, with `10`, the lot, and `21`,
here the label's code.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from traceability import codes
from traceability.epcis.identifiers import has_check_digit
from traceability.epcis.models import TradeItem
from traceability.epcis.own import link_to
from traceability.models import Certificate, Label, Lot
from traceability.queries import certificate_of_lot

VOC = "https://gs1.org/voc/"
LINKSET = "application/linkset+json"
CONTEXT = (
    "<https://ref.gs1.org/standards/resolver/linkset-context>; "
    'rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
)
_GTIN_LENGTHS = (8, 12, 13, 14)
# Words for kinds of links that people and programs may ask for by name.
KINDS = {
    "defaultLink": "text/html",
    "pip": "text/html",
    "certificationInfo": "text/html",
    "verificationService": "text/html",
    "epcis": "application/json",
}


class NoSuchLink(Exception):
    """The link leads nowhere; the message says why."""


class WrongLink(NoSuchLink):
    """The link cannot be right as it is written; the message says what is wrong."""


@dataclass(frozen=True)
class Target:
    """What a link names: a product, a lot of it, or one package."""

    item: TradeItem
    lot: Lot | None = None
    code: str = ""

    @property
    def anchor(self) -> str:
        """The link itself, on this site."""
        link = f"{settings.BASE_URL}/01/{self.item.gtin}"
        if self.lot is not None:
            link = link_to(self.item.gtin, self.lot.number)
        return f"{link}/21/{self.code}" if self.code else link


def target(*, gtin: str, lot_number: str = "", code: str = "") -> Target:
    """What the link names. Errors: WrongLink, NoSuchLink.

    Of a code only its form is asked here; whether it is genuine says its own page.
    """
    if len(gtin) not in _GTIN_LENGTHS or not (gtin.isascii() and gtin.isdigit()):
        raise WrongLink(_("“%(gtin)s” is no GTIN.") % {"gtin": gtin[:20]})
    if not has_check_digit(gtin):
        raise WrongLink(
            _("“%(gtin)s” is no GTIN: its check digit is wrong.") % {"gtin": gtin}
        )
    item = TradeItem.objects.standing().filter(gtin=gtin.zfill(14)).first()
    if item is None:
        raise NoSuchLink(_("This GTIN is none of our producers'."))
    lot = None
    if lot_number:
        lot = Lot.objects.filter(number=lot_number.upper()).first()
        if lot is None or not item.is_of(lot):
            raise NoSuchLink(_("There is no such lot of this product."))
    if code:
        number = codes.number_of(code)
        labels = Label.objects.select_related("batch__lot")
        label = None if number is None else labels.filter(pk=number).first()
        if label is not None and not _belong(item, lot, label):
            raise NoSuchLink(
                _("The product's number, the lot and the code do not belong together.")
            )
    return Target(item=item, lot=lot, code=code)


def address_of(found: Target, kind: str = "defaultLink") -> str:
    """Where a kind of link leads. Errors: NoSuchLink."""
    for name, address, _title in links(found):
        if name == kind:
            return address
    raise NoSuchLink(_("There is nothing of this kind about it."))


def links(found: Target) -> list[tuple[str, str, str]]:
    """Kind, address and title of everything there is; the default first."""
    told: list[tuple[str, str, str]] = []
    certificate = _certificate_of(found)
    if found.code:
        page = _full(reverse("traceability:scan", args=[found.code]))
        words = _("Is this package genuine?")
        told += [("defaultLink", page, words), ("verificationService", page, words)]
    if certificate is not None:
        page = _full(reverse("traceability:certificate", args=[certificate.number]))
        words = _("Origin, way and certificate")
        if not told:
            told.append(("defaultLink", page, words))
        told += [("pip", page, words), ("certificationInfo", page, words)]
    if told and found.lot is not None:
        asked = urlencode(
            {"MATCH_anyEPCClass": link_to(found.item.gtin, found.lot.number)}
        )
        events = f"{_full(reverse('epcis:events'))}?{asked}"
        told.append(("epcis", events, _("What happened to the lot (EPCIS 2.0)")))
    return told


def linkset(found: Target) -> dict[str, Any]:
    """Everything there is, as RFC 9264 has it and GS1's schema wants it."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for name, address, title in links(found):
        link: dict[str, Any] = {"href": address, "title": title, "type": KINDS[name]}
        if KINDS[name] == "text/html":
            link["hreflang"] = ["zh", "en"]
        kinds.setdefault(VOC + name, []).append(link)
    described = {
        "anchor": found.anchor,
        "itemDescription": found.item.product_name,
        **kinds,
    }
    return {"linkset": [described]}


def description() -> dict[str, Any]:
    """The file by which a resolver says what it can do (/.well-known/gs1resolver)."""
    return {
        "name": f"{_('Xiangji')} · Xiangji",
        "resolverRoot": settings.BASE_URL,
        "supportedPrimaryKeys": ["01"],
        "supportedLinkType": [{"namespace": VOC, "prefix": "gs1:"}],
        "linkTypeDefaultCanBeLinkset": False,
    }


def _belong(item: TradeItem, lot: Lot | None, label: Label) -> bool:
    inside = label.batch.lot
    return item.is_of(inside) and (lot is None or lot.pk == inside.pk)


def _certificate_of(found: Target) -> Certificate | None:
    """The certificate that stands for the lot, or else the last that did; of a
    product, that of its newest lot."""
    if found.lot is not None:
        standing = certificate_of_lot(found.lot)
        return standing or found.lot.certificates.order_by("-pk").first()
    return (
        Certificate.objects.filter(
            lot__farmer=found.item.farmer_id,
            lot__product_name=found.item.product_name,
            status_events__isnull=True,
        )
        .order_by("-pk")
        .first()
    )


def _full(path: str) -> str:
    return settings.BASE_URL + quote(path, safe="/%:")
