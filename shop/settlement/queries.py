"""What a grower is owed, and why."""

from dataclasses import dataclass

from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet
from django.http import Http404

from partners.keys import key_in
from partners.ledger.queries import balance_fen
from partners.organisations.models import Farmer
from shop.settlement.models import SettledLine


@dataclass(frozen=True)
class Owed:
    """A farmer's account: what is owed now, and the sales it came from."""

    farmer: Farmer
    owed_fen: int
    lines: QuerySet[SettledLine]


def farmer_token(farmer: Farmer) -> str:
    """What the farmer's own link carries; nobody else can make one.

    It is worth nothing once the farmer has another number: whoever has the old
    phone must not read on.
    """
    return _signer(farmer).sign(str(farmer.pk))


def farmer_of(token: str) -> Farmer:
    """The farmer whose link this is. Errors: Http404."""
    key = key_in(token.partition(".")[0])
    farmer = Farmer.objects.select_related("village").filter(pk=key).first()
    if farmer is None:
        raise Http404
    try:
        _signer(farmer).unsign(token)
    except BadSignature as error:
        raise Http404 from error
    return farmer


def _signer(farmer: Farmer) -> Signer:
    return Signer(salt=f"xiangji.farmer.owed:{farmer.phone_index}", sep=".")


def owed_to(farmer: Farmer) -> Owed:
    """What is owed to a farmer and the settled lines behind it, newest first."""
    account = f"farmer:{farmer.pk}:payable"
    lines = (
        SettledLine.objects.filter(seller_account=account)
        .select_related("terms__line", "terms__supermarket", "settlement")
        .order_by("-settlement__settled_at", "-pk")
    )
    return Owed(farmer=farmer, owed_fen=-balance_fen(account), lines=lines)
