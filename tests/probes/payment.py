"""The payment's outside door, for a checker that is not ours.

    python -m tests.probes.payment new FEN            an order of exactly that sum
    python -m tests.probes.payment state OTN          what the books say of it
    python -m tests.probes.payment cancel OTN         cancel the order and its payment
    python -m tests.probes.payment sync OTN           ask the gateway about it
    python -m tests.probes.payment refund OTN FEN REQUEST_NO
    python -m tests.probes.payment return OTN QUERYSTRING
    python -m tests.probes.payment reconcile YYYY-MM-DD

Each runs the product's own operations in the database of `make demo` and prints one
line of JSON on standard output; everything else goes to standard error. The gateway
and its keys come from the environment, as in production: ALIPAY_GATEWAY,
ALIPAY_APP_ID, ALIPAY_SELLER_ID, ALIPAY_APP_PRIVATE_KEY_FILE, ALIPAY_PUBLIC_KEY_FILE.
What cannot be done answers {"error": …}; the exit code is 0 where the answer is the
product's word (a refused refund, too), 1 where there is nothing to answer about, 2 for
a call that is not understood.
"""

import json
import os
import re
import sys
from contextlib import redirect_stdout
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

Answer = dict[str, Any]


class NoAnswer(Exception):
    """There is nothing the question could be about."""


def new(fen: str) -> Answer:
    """Place an order of exactly `fen` fen and open its payment."""
    from django.utils import timezone

    from shop.alipay import gateway, operations, queries
    from shop.ordering.operations import UnableToPlace, place_bare_order

    try:
        order = place_bare_order(amount_fen=_whole(fen), at=timezone.now())
    except UnableToPlace as error:
        raise NoAnswer(str(error)) from error
    payment = queries.payment_of(order.number)
    return {
        "out_trade_no": payment.out_trade_no,
        "pay_url": operations.pay_url(payment=payment, wap=False),
        "notify_url": gateway.configured().notify_url,
    }


def state(out_trade_no: str) -> Answer:
    """The payment in figures, from the ledger."""
    from shop.alipay import queries

    return dict(queries.state(_payment(out_trade_no)))


def cancel(out_trade_no: str) -> Answer:
    """Cancel the order, and with it the payment, unless the money was quicker."""
    from django.apps import apps
    from django.utils import timezone

    from shop.ordering.operations import UnableToCancel, cancel_order

    number = _payment(out_trade_no).order_number
    order = apps.get_model("order", "Order").objects.get(number=number)
    try:
        cancel_order(order=order, at=timezone.now())
    except UnableToCancel as error:
        return {"result": "REFUSED", "error": str(error), **state(out_trade_no)}
    return {"result": "CANCELLED", **state(out_trade_no)}


def sync(out_trade_no: str) -> Answer:
    """Ask the gateway, and book what it answers."""
    from django.utils import timezone

    from shop.alipay import operations

    result = operations.sync(payment=_payment(out_trade_no), at=timezone.now())
    return {"result": result.value, **state(out_trade_no)}


def refund(out_trade_no: str, fen: str, request_no: str) -> Answer:
    """Pay part or all of it back under a number."""
    from django.utils import timezone

    from shop.alipay import operations

    payment = _payment(out_trade_no)
    try:
        row = operations.refund(
            payment=payment,
            amount_fen=_whole(fen),
            request_no=request_no,
            at=timezone.now(),
        )
    except operations.UnableToRefund as error:
        return {"result": "REFUSED", "error": str(error), **state(out_trade_no)}
    return {"result": row.status, **state(out_trade_no)}


def come_back(out_trade_no: str, query: str) -> Answer:
    """The buyer comes back from the cashier: shown, and asked about, never booked."""
    from django.utils import timezone

    from shop.alipay import operations, queries

    payment = _payment(out_trade_no)
    pairs = parse_qsl(query.lstrip("?"), keep_blank_values=True)
    params = dict(pairs) if len(dict(pairs)) == len(pairs) else {}
    verified = queries.returned(params) == payment
    if verified:
        operations.sync(payment=payment, at=timezone.now())
    return {"verified": verified, **state(out_trade_no)}


def reconcile(day: str) -> Answer:
    """Hold a day against the gateway's bill."""
    from shop.alipay import operations

    try:
        report = operations.reconcile(day=_day(day))
    except operations.UnableToReconcile as error:
        raise NoAnswer(str(error)) from error
    return {
        "missing_local": report.missing_local,
        "amount_mismatch": report.amount_mismatch,
        "missing_remote": report.missing_remote,
    }


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,20}", text):
        raise ValueError(f"not whole fen: {text!r}")
    return int(text)


def _day(text: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError(f"not a day like 2026-11-23: {text!r}")
    return date.fromisoformat(text)


def _payment(out_trade_no: str) -> Any:
    from shop.alipay.models import Payment

    payment = Payment.objects.filter(out_trade_no=out_trade_no).first()
    if payment is None:
        raise NoAnswer(f"no payment {out_trade_no}")
    return payment


VERBS = {
    "new": (new, 1),
    "state": (state, 1),
    "cancel": (cancel, 1),
    "sync": (sync, 1),
    "refund": (refund, 3),
    "return": (come_back, 2),
    "reconcile": (reconcile, 1),
}


def answer(words: list[str]) -> tuple[Answer, int]:
    """The answer to a call's words, and the exit code."""
    verb, count = VERBS.get(words[0] if words else "", (None, 0))
    if verb is None or len(words) != count + 1:
        return {"error": f"say one of: {', '.join(VERBS)}"}, 2
    from django.db import DatabaseError

    try:
        return verb(*words[1:]), 0
    except NoAnswer as error:
        return {"error": str(error)}, 1
    except DatabaseError as error:
        return {"error": f"is `make demo` running here? {error}"}, 1
    except ValueError as error:
        return {"error": str(error)}, 2


def main(words: list[str]) -> int:
    """Run one call; only its JSON reaches standard output."""
    with redirect_stdout(sys.stderr):
        import django

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.config.settings.local")
        django.setup()
        said, code = answer(words)
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
