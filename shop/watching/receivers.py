"""The end of a request, and what is counted of things that leave no row."""

from typing import Any

from django.core.signals import request_finished
from django.dispatch import receiver

from shop.discovery.signals import search_fell_back
from shop.watching import metrics, request_ids
from traceability.signals import scan_judged


@receiver(search_fell_back)
def count_fall_back(**kwargs: Any) -> None:
    metrics.search_fell_back()


@receiver(scan_judged)
def count_scan(*, state: str, **kwargs: Any) -> None:
    metrics.scan_judged(verdict=state)


@receiver(request_finished)
def forget_its_name(**kwargs: Any) -> None:
    request_ids.forget()
