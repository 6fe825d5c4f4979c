"""A market in one process: what it did it says, and it goes on when its database dies.

    python -m tests.faults.market prepare        the demo's county in an empty database
    python -m tests.faults.market trade NAME     buy, pay, scan and post until killed
    python -m tests.faults.market check          what is wrong, given the lines said

Each line of `trade` is printed after the operation returned, so a line is a promise.
"""

import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.config.settings.test"
os.environ.setdefault("SEARCH_ENGINE", "sqlite")
PACKS = 1_000_000
PAUSE_SECONDS = 0.05


def prepare() -> None:
    """Everything that is bought, sold and scanned."""
    from django.apps import apps
    from django.core.management import call_command
    from django.utils import timezone

    from shop.demo import seed
    from traceability import operations
    from traceability.models import Certificate

    call_command("migrate", verbosity=0)
    call_command("load_divisions", verbosity=0)
    seed.run()
    apps.get_model("partner", "StockRecord").objects.update(num_in_stock=PACKS)
    certificate = Certificate.objects.order_by("pk").first()
    assert certificate is not None
    batch = operations.mint_labels(
        certificate=certificate,
        count=1_000,
        product_name=certificate.lot.product_name,
        pack_g=1,
        by=certificate.issued_by,
        at=timezone.now(),
    )
    batch.labels.update(activated_at=timezone.now())


def trade(name: str) -> None:
    """Everything again and again, each time under new keys."""
    from django.utils import timezone

    from partners.ledger import operations as ledger
    from partners.ledger.operations import Line
    from shop.alipay import gateway as gateways
    from shop.alipay import operations as alipay
    from shop.alipay.models import Payment
    from shop.ordering import operations as ordering
    from shop.ordering.baskets import items
    from shop.ordering.quotes import quote_order
    from shop.storefront.models import ProductCard
    from tests.shop.alipay import hostile
    from traceability import codes
    from traceability.models import LabelBatch

    gateway = hostile.Hostile().gateway()
    gateways.configured = lambda: gateway  # type: ignore[assignment]
    cards = list(
        surely(lambda: list(ProductCard.objects.on_sale().order_by("pk")[:20]))
    )
    batch = surely(lambda: LabelBatch.objects.order_by("-pk").first())
    turn = "abc".index(name)
    for number in count():
        key = f"{name}{number:031x}"
        product_id = cards[number % len(cards)].product_id

        def buy(key: str = key, product_id: int = product_id) -> Any:
            basket = ordering.add_to_basket(
                basket=None, product_id=product_id, quantity=1
            )
            quote = quote_order(items=items(basket), division_code="430104000000")
            return ordering.place_order(
                basket=basket,
                delivery=ordering.Delivery(
                    recipient="李示例",
                    phone="10012345678",
                    division_code="430104000000",
                    detail="示例路1号",
                ),
                fresh_confirmed=True,
                expected_total_fen=quote.total_fen,
                key=key,
                at=timezone.now(),
                gateway=gateway,
            )

        order = surely(lambda key=key, buy=buy: placed(key) or buy())
        say("order", key)
        payment = surely(lambda o=order: Payment.objects.get(order_number=o.number))
        notice = hostile.notice(payment)
        surely(
            lambda notice=notice: alipay.receive_notice(
                params=notice, at=timezone.now(), gateway=gateway
            )
        )
        say("paid", key)
        surely(
            lambda key=key: ledger.post(
                key=f"posted:{key}",
                kind="adjustment",
                subject=f"test:{key}",
                lines=[Line("platform:fee", -1), Line("alipay:clearing", 1)],
                at=timezone.now(),
            )
        )
        say("posted", key)
        code = codes.code_of(batch.first_number + (number * 3 + turn) % batch.count)
        device = f"{number:030x}{turn:02x}"
        surely(lambda code=code, device=device: look(code, device))
        say("scan", code, device)


def look(code: str, device: str) -> None:
    """A scan; "cannot be checked now" is said to a person, and promises nothing."""
    from django.db import OperationalError
    from django.utils import timezone

    from traceability import operations
    from traceability.queries import State

    verdict = operations.count_scan(code=code, device=device, at=timezone.now())
    if verdict.state == State.UNCHECKED:
        raise OperationalError("not checked") from ConnectionError()


def placed(key: str) -> Any:
    """The order of this form, where an answer was lost."""
    from shop.ordering.models import Purchase

    found = Purchase.objects.filter(key=key).select_related("order").first()
    return found.order if found else None


def surely(act: Callable[[], Any]) -> Any:
    """`act`, again until the database is there."""
    from django.db import DatabaseError, InterfaceError, connection

    while True:
        try:
            return act()
        except (DatabaseError, InterfaceError) as error:
            if not isinstance(error.__cause__, Exception) or connection.in_atomic_block:
                raise
            connection.close()
            time.sleep(PAUSE_SECONDS)


def say(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def faults(lines: Iterable[str]) -> list[str]:
    """What was promised and is not there, or is there twice, or does not add up."""
    from django.apps import apps
    from django.db.models import F, Sum

    from partners.ledger import queries as ledger
    from partners.ledger.models import Entry
    from shop.alipay.models import Capture
    from shop.ordering.models import Purchase
    from traceability import codes
    from traceability.devices import device_hash
    from traceability.models import Label, Scan

    said = [tuple(line.split()) for line in lines if line.endswith("\n")]
    found = [str(fault) for fault in ledger.verify().faults]
    by_kind: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
    for kind, *words in said:
        by_kind[kind].append(tuple(words))
    statuses = dict(Purchase.objects.values_list("key", "order__status"))
    numbers = dict(Purchase.objects.values_list("key", "order__number"))
    posted = set(Entry.objects.values_list("key", flat=True))
    captures = Counter(Capture.objects.values_list("payment__order_number", flat=True))
    found += [
        f"order {key} is lost" for (key,) in by_kind["order"] if key not in statuses
    ]
    for (key,) in by_kind["paid"]:
        if statuses.get(key) != "paid" or captures[numbers.get(key, "")] != 1:
            found.append(f"the money of {key} is lost or there twice")
    found += [
        f"entry {key} is lost"
        for (key,) in by_kind["posted"]
        if f"posted:{key}" not in posted
    ]
    scans = set(Scan.objects.values_list("label_id", "device"))
    found += [
        f"scan of {code} is lost"
        for code, device in by_kind["scan"]
        if (codes.number_of(code), device_hash(device)) not in scans
    ]
    counted = Scan.objects.values("label_id").annotate(n=F("label__scan_count"))
    for row in counted.distinct():
        if Scan.objects.filter(label_id=row["label_id"]).count() != row["n"]:
            found.append(f"label {row['label_id']} is counted wrongly")
    sold = apps.get_model("partner", "StockRecord").objects.aggregate(
        stock=Sum("num_in_stock"), held=Sum("num_allocated")
    )
    records = apps.get_model("partner", "StockRecord").objects.count()
    paid = sum(status == "paid" for status in statuses.values())
    waiting = sum(status == "pending" for status in statuses.values())
    if records * PACKS - sold["stock"] != paid or (sold["held"] or 0) != waiting:
        found.append(f"stock: {sold}, {paid} paid, {waiting} waiting")
    if not Label.objects.filter(scan_count__gt=0).exists():
        found.append("nothing was scanned: this proves nothing")
    return found


def main() -> None:
    import django

    django.setup()
    import logging

    logging.disable()
    match sys.argv[1:]:
        case ["prepare"]:
            prepare()
        case ["trade", name]:
            trade(name)
        case ["check"]:
            for fault in faults(sys.stdin):
                say(fault)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
