"""A recall at its largest: until every verdict says so, and all texts are written.

Done once, for a recall cannot be done again: a lot that was split and merged, 50,000
labels of 20 of its lots, 5,000 orders of which half are packed. Each figure stands
beside the bare rows that it must write at the least.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any

from bench.bench import Bench
from bench.measure import Figure

if TYPE_CHECKING:
    from shop.listings.models import Listing
    from traceability.models import Label, Lot

PARTS, LABELS, ORDERS = 20, 50_000, 5_000
SEEN = 100
AT_ONCE = 1_000
# The drawing of this verdict alone.
ALARM = b"octagon-alert"


@dataclass(frozen=True)
class Spread:
    """What will be recalled: the lot that everything came out of, and its labels."""

    lot: "Lot"
    codes: list[str]


class Missed(Exception):
    """A label was not recalled or a buyer not written to: the speed says nothing."""


def figures(bench: Bench) -> Iterator[Figure]:
    bench.county()
    spread = prepared()
    with bench.serving() as server:
        for code in spread.codes[::SEEN]:
            if ALARM in server.read(f"/T/{code}"):
                raise Missed(code)
        seconds = recalled(spread)
        start = perf_counter()
        for code in spread.codes[::SEEN]:
            if ALARM not in server.read(f"/T/{code}"):
                raise Missed(code)
        pages = perf_counter() - start
    judged = all_judged(spread)
    yield _figure(
        f"recall: {LABELS:,} labels, until all verdicts changed",
        LABELS / seconds,
        "one UPDATE of as many rows",
        LABELS / bare_update(),
    )
    yield _figure(
        f"recall: verdicts of all {LABELS:,} labels asked for",
        LABELS / judged,
        f"pages of every {SEEN}th by the web server",
        LABELS / SEEN / pages,
    )
    yield _figure(
        f"recall: {ORDERS:,} orders, until all texts are queued",
        ORDERS / told(spread),
        "as many rows in one INSERT",
        ORDERS / bare_insert(),
    )


def recalled(spread: Spread) -> float:
    """Seconds that the act takes: when it is committed, every verdict has changed."""
    from django.utils import timezone

    from traceability import operations

    start = perf_counter()
    operations.recall_lot(
        lot=spread.lot,
        reason="示例",
        by=spread.lot.recorded_by,
        at=timezone.now(),
    )
    return perf_counter() - start


def all_judged(spread: Spread) -> float:
    """Seconds to ask for the verdict of every label. Errors: Missed."""
    from django.utils import timezone

    from traceability import queries

    now, start = timezone.now(), perf_counter()
    for code in spread.codes:
        verdict = queries.judge(text=code, device=None, now=now)
        if verdict.state != queries.State.RECALLED:
            raise Missed(code)
    return perf_counter() - start


def told(spread: Spread) -> float:
    """Seconds until a text to every buyer is a row. Errors: Missed."""
    from django.utils import timezone

    from shop.notices.models import TextMessage
    from shop.recalls.operations import tell_of_recalls

    start = perf_counter()
    tell_of_recalls(now=timezone.now())
    spent = perf_counter() - start
    texts = TextMessage.objects.filter(template="lot_recalled", status="waiting")
    if texts.count() != ORDERS:
        raise Missed(f"{texts.count()} texts")
    return spent


def bare_update() -> float:
    from django.db.models import F

    from traceability.models import Label

    start = perf_counter()
    Label.objects.update(scan_count=F("scan_count"))
    return perf_counter() - start


def bare_insert() -> float:
    from django.db import connection, transaction

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_text (key text PRIMARY KEY, words text)")
        rows = [(f"recall:{number}", "x" * 120) for number in range(ORDERS)]
        start = perf_counter()
        with transaction.atomic():
            cursor.executemany("INSERT INTO bench_text VALUES (%s, %s)", rows)
        return perf_counter() - start


def prepared() -> Spread:
    """One lot split in PARTS, two of them merged again; labels of each; the orders."""
    from django.utils import timezone

    from shop.listings.models import Listing
    from traceability import operations
    from traceability.models import Certificate, Label

    at = timezone.now() - timedelta(minutes=5)
    first = Certificate.objects.select_related("lot__plot", "lot__farmer").first()
    assert first is not None
    by, old = first.issued_by, first.lot
    lot = operations.record_lot(
        plot=old.plot,
        farmer=old.farmer,
        crop=old.crop,
        product_name=old.product_name,
        harvest_date=timezone.localdate(at),
        weight_g=(PARTS + 1) * 10**6,
        by=by,
        at=at,
    )
    weights = [10**6] * PARTS
    parts = operations.split_lot(lot=lot, weights_g=weights, by=by, at=at)
    portions = [operations.Portion(part, 500_000) for part in parts[:2]]
    mixture = operations.merge_lots(
        portions=portions, product_name=lot.product_name, by=by, at=at
    )
    codes: list[str] = []
    for each in (*parts[1:], mixture):
        certificate = operations.issue_certificate(
            lot=each,
            basis=["quality_control"],
            quantity_g=each.free_g if each == mixture else 500_000,
            promisor="示例",
            contact="10000000009",
            by=by,
            at=at,
        )
        batch = operations.mint_labels(
            certificate=certificate,
            count=LABELS // PARTS,
            product_name=lot.product_name,
            pack_g=1,
            by=by,
            at=at,
        )
        codes += batch.codes()
    Label.objects.filter(batch__lot__in=[*parts, mixture]).update(activated_at=at)
    listing = Listing.objects.on_sale().filter(farmer=lot.farmer).first()
    assert listing is not None
    listing.lot = mixture
    listing.save(update_fields=["lot"])
    packed = Label.objects.filter(batch__lot__in=parts).order_by("pk")
    sell(listing, list(packed[: ORDERS // 2]))
    return Spread(lot, codes)


def sell(listing: "Listing", labels: "list[Label]") -> None:
    """ORDERS paid orders, one package each, as many packed as there are labels."""
    from django.apps import apps
    from django.conf import settings
    from django.utils import timezone

    from partners.privacy import blind_index
    from shop.ordering.models import LineTerms, PackedLabel, Purchase, SubOrder

    at = timezone.now() - timedelta(minutes=4)
    Order = apps.get_model("order", "Order")
    Line = apps.get_model("order", "Line")
    seller = listing.seller.partner_id

    def bulk(model: Any, rows: Iterator[Any]) -> list[Any]:
        return list(model.objects.bulk_create(list(rows), batch_size=AT_ONCE))

    orders = bulk(
        Order,
        (
            Order(
                number=f"R{number:08d}",
                site_id=settings.SITE_ID,
                currency="CNY",
                total_incl_tax=29,
                total_excl_tax=29,
                status="paid",
                date_placed=at,
            )
            for number in range(ORDERS)
        ),
    )
    phones = [f"100{number:08d}" for number in range(ORDERS)]
    bulk(
        Purchase,
        (
            Purchase(
                order=order,
                key=f"bench-{order.number}",
                token=f"bench-{order.number}",
                total_fen=2_900,
                recipient="示例",
                phone=phone,
                phone_index=blind_index("phone", phone),
                expires_at=at,
                paid_at=at,
            )
            for order, phone in zip(orders, phones, strict=True)
        ),
    )
    parts = bulk(
        SubOrder,
        (
            SubOrder(
                order=order,
                number=f"{order.number}-1",
                partner_id=seller,
                village_id=listing.village_id,
                goods_fen=2_900,
                freight_fen=0,
                status=SubOrder.Status.PAID,
                paid_at=at,
            )
            for order in orders
        ),
    )
    lines = bulk(
        Line,
        (
            Line(
                order=order,
                partner_id=seller,
                partner_sku="bench",
                product_id=listing.product_id,
                title=listing.title,
                quantity=1,
                line_price_incl_tax=29,
                line_price_excl_tax=29,
                line_price_before_discounts_incl_tax=29,
                line_price_before_discounts_excl_tax=29,
                status="pending",
                num_allocated=0,
            )
            for order in orders
        ),
    )
    terms = bulk(
        LineTerms,
        (
            LineTerms(
                line=line,
                sub_order=part,
                listing=listing,
                price_fen=2_900,
                quantity=1,
                pack_g=1,
                margin_bp=0,
                platform_bp=0,
            )
            for line, part in zip(lines, parts, strict=True)
        ),
    )
    bulk(
        PackedLabel,
        (
            PackedLabel(
                sub_order=each.sub_order,
                terms=each,
                label=label,
                packed_by=label.batch.minted_by,
                packed_at=at,
            )
            for each, label in zip(terms, labels, strict=False)
        ),
    )


def _figure(name: str, rate: float, baseline: str, bare: float) -> Figure:
    return Figure(
        area="recall",
        name=name,
        per_second=rate,
        baseline=baseline,
        baseline_per_second=bare,
    )
