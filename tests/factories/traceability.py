"""Plots, lots, certificates and labels as tests need them, through operations."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from django.test import Client

from partners.organisations.models import Farmer
from shop.users.models import User
from traceability import operations
from traceability.models import Certificate, Label, LabelBatch, Lot, Plot

BEIJING = timezone(timedelta(hours=8))
NOW = datetime(2026, 11, 19, 9, tzinfo=BEIJING)
HARVEST_DAY = date(2026, 11, 18)


def english_client() -> Client:
    """Another browser that reads English."""
    return Client(headers={"accept-language": "en"})


def new_plot(*, farmer: Farmer, by: User, **changes: Any) -> Plot:
    """王家坡 2 号地, 3.5 mu of oranges."""
    facts: dict[str, Any] = {
        "village": farmer.village,
        "farmer": farmer,
        "name": "王家坡 2 号地",
        "area_mu": Decimal("3.5"),
        "crop": "柑橘",
        "by": by,
        "at": NOW,
    }
    return operations.register_plot(**facts | changes)


def new_lot(*, farmer: Farmer, by: User, **changes: Any) -> Lot:
    """310 kg of 冰糖橙, picked on 18 November 2026."""
    plot = changes.pop("plot", None) or new_plot(
        farmer=farmer, by=by, name=f"地 {Plot.objects.count() + 1}"
    )
    facts: dict[str, Any] = {
        "plot": plot,
        "farmer": farmer,
        "crop": "柑橘",
        "product_name": "冰糖橙",
        "harvest_date": HARVEST_DAY,
        "weight_g": 310_000,
        "by": by,
        "at": NOW,
    }
    return operations.record_lot(**facts | changes)


def new_certificate(*, lot: Lot, by: User, **changes: Any) -> Certificate:
    """For 300 kg of the lot, on the ground of quality control."""
    facts: dict[str, Any] = {
        "lot": lot,
        "basis": ["quality_control"],
        "quantity_g": min(lot.weight_g, 300_000),
        "promisor": "王示例",
        "contact": "10000000009",
        "by": by,
        "at": NOW,
    }
    return operations.issue_certificate(**facts | changes)


def new_batch(*, certificate: Certificate, by: User, **changes: Any) -> LabelBatch:
    """Ten labels for packs of 5 jin."""
    facts: dict[str, Any] = {
        "certificate": certificate,
        "count": 10,
        "product_name": "冰糖橙 5斤装",
        "pack_g": 2_500,
        "by": by,
        "at": NOW,
    }
    return operations.mint_labels(**facts | changes)


def new_label(*, farmer: Farmer, by: User, packed: bool = True) -> Label:
    """A label on a package; with packed=False one that is not used yet."""
    lot = new_lot(farmer=farmer, by=by)
    certificate = new_certificate(lot=lot, by=by)
    batch = new_batch(certificate=certificate, by=by)
    label = batch.labels.get(pk=batch.first_number)
    if packed:
        label = operations.pack_label(code=label.code, at=NOW, by=by)
    return label
