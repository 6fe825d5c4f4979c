"""Ask for an order's money, and lead the buyer to the cashier."""

import re
import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shop.alipay import gateway as gateways
from shop.alipay.gateway import Gateway
from shop.alipay.models import MAX_AMOUNT_FEN, Payment

FIRST_CHECK = timedelta(seconds=60)


class UnableToOpenPayment(Exception):
    """This order cannot be paid so; the message says why."""


class UnableToPay(Exception):
    """This payment can no longer be paid; the message says why."""


def open_payment(
    *,
    order_number: str,
    subject: str,
    amount_fen: int,
    expires_at: datetime,
    at: datetime,
    gateway: Gateway | None = None,
    order_path: str = "",
) -> Payment:
    """A payment of `amount_fen` for an order that is already there.

    Asks nobody: Alipay hears of it when the buyer opens the cashier's page. Calling
    again returns the order's open or paid payment. `order_path` is where the buyer
    goes back to. Errors: UnableToOpenPayment where the sum is not between one fen and
    100,000,000 yuan, the order is being paid to another sum, or the time is over.
    """
    gateway = gateway or gateways.configured()
    if not 0 < amount_fen <= MAX_AMOUNT_FEN:
        raise UnableToOpenPayment(_("Alipay takes between ¥0.01 and ¥100,000,000."))
    if expires_at <= at:
        raise UnableToOpenPayment(_("The time to pay this order is over."))
    payment = Payment(
        out_trade_no=_out_trade_no(order_number),
        order_number=order_number,
        order_path=order_path,
        subject=_subject(subject),
        amount_fen=amount_fen,
        app_id=gateway.app_id,
        seller_id=gateway.seller_id,
        opened_at=at,
        expires_at=expires_at,
        next_check_at=at + FIRST_CHECK,
    )
    live = Payment.objects.filter(order_number=order_number, status__in=Payment.LIVE)
    found = live.first()
    if found is None:
        try:
            with transaction.atomic():
                payment.save(force_insert=True)
        except IntegrityError:
            found = live.get()
        else:
            return payment
    if found.amount_fen != amount_fen:
        raise UnableToOpenPayment(
            _("Order %(number)s is already being paid to another sum.")
            % {"number": order_number}
        )
    return found


def pay_url(*, payment: Payment, wap: bool, gateway: Gateway | None = None) -> str:
    """Alipay's cashier for this payment; `wap` for a phone's browser.

    Errors: UnableToPay where it is paid, closed, or its time is over.
    """
    gateway = gateway or gateways.configured()
    if payment.status != Payment.Status.PENDING:
        raise UnableToPay(_("This order does not wait for a payment."))
    if payment.expires_at <= timezone.now():
        raise UnableToPay(_("The time to pay this order is over."))
    return gateway.pay_url(
        out_trade_no=payment.out_trade_no,
        subject=payment.subject,
        amount_fen=payment.amount_fen,
        expires_at=payment.expires_at,
        wap=wap,
    )


def _out_trade_no(order_number: str) -> str:
    # Alipay never forgets a number; ours start anew with a new database.
    readable = re.sub(r"[^A-Za-z0-9]", "_", order_number)[:40]
    return f"{readable}_{secrets.token_hex(6)}"


def _subject(text: str) -> str:
    """At most 256 characters, without the ones Alipay forbids: / = & and controls."""
    cleaned = re.sub(r"[/=&\x00-\x1f\x7f]+", " ", text).strip()
    return cleaned[:256] or "乡集"
