"""Every write about payments, by the moment it belongs to."""

from .closing import CloseResult, close
from .notices import Outcome, Result, receive_notice
from .opening import UnableToOpenPayment, UnableToPay, open_payment, pay_url
from .reconciling import (
    UnableToReconcile,
    UnableToSettle,
    reconcile,
    settle_difference,
)
from .refunding import UnableToRefund, attempt, promise_refund, refund
from .resolving import resolve_due
from .syncing import SyncResult, sync

__all__ = [
    "CloseResult",
    "Outcome",
    "Result",
    "SyncResult",
    "UnableToOpenPayment",
    "UnableToPay",
    "UnableToReconcile",
    "UnableToRefund",
    "UnableToSettle",
    "attempt",
    "close",
    "open_payment",
    "pay_url",
    "promise_refund",
    "receive_notice",
    "reconcile",
    "refund",
    "resolve_due",
    "settle_difference",
    "sync",
]
