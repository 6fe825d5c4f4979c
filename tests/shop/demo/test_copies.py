"""The demo's copied codes: on the map at once, and only once."""

import pytest
from django.utils import timezone

from partners.organisations.models import Assistant, Farmer
from shop.demo.copies import copy_labels
from tests.factories.traceability import new_label
from traceability.models import CloneAlarm, ScanPlace

pytestmark = pytest.mark.django_db


def test_show_one_of_each_kind(farmer_wang: Farmer, assistant_zhao: Assistant) -> None:
    for _label in range(2):
        new_label(farmer=farmer_wang, by=assistant_zhao.user)
    for _again in range(2):
        copy_labels(at=timezone.now())
    kinds = CloneAlarm.objects.order_by("kind").values_list("kind", flat=True)
    assert list(kinds) == ["distance", "rate"]
    assert ScanPlace.objects.count() == 8


def test_without_labels_nothing_happens() -> None:
    copy_labels(at=timezone.now())
    assert not CloneAlarm.objects.exists()
