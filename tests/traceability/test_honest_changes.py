"""What honest people do after a certificate is issued never reads as "record changed".

A false alarm would ruin a farmer, so everything that may be done to the things that a
label stands on is done here, and the label is still genuine.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from partners.organisations import operations as organisations
from partners.organisations.models import Division, Farmer
from partners.organisations.positions import Position
from shop.users.models import User
from tests.factories.shares import photo
from tests.factories.traceability import (
    HARVEST_DAY,
    NOW,
    new_batch,
    new_certificate,
    new_lot,
    new_plot,
)
from traceability import operations, queries
from traceability.models import Label
from traceability.operations import Portion

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)
PAPER = {
    "kind": "test_report",
    "title": "农残检测",
    "result": "未检出",
    "done_on": date(2026, 11, 18),
}


def attach(lot: Any, by: User, text: str, **changes: Any) -> None:
    file = ContentFile(f"%PDF-1.4\n{text}\n%%EOF".encode(), "report.pdf")
    facts: dict[str, Any] = {**PAPER, **changes}
    operations.attach_evidence(lot=lot, file=file, by=by, at=NOW, **facts)


@pytest.fixture
def label(farmer_wang: Farmer, zhao: User) -> Label:
    """On a package, of a lot with papers of every kind."""
    lot = new_lot(farmer=farmer_wang, by=zhao, weight_g=900_000)
    attach(lot, zhao, "one")
    attach(lot, zhao, "two", title="农残检测", done_on=None, result="")
    operations.attach_evidence(
        lot=lot, kind="photo", title="田里", file=photo(), by=zhao, at=NOW
    )
    batch = new_batch(certificate=new_certificate(lot=lot, by=zhao), by=zhao)
    return operations.pack_label(code=batch.first_code, at=NOW, by=zhao)


def fresh(label: Label) -> Label:
    return Label.objects.get(pk=label.pk)


def rename_the_farmer(label: Label, zhao: User, operator: User) -> None:
    farmer = label.lot.farmer
    assert farmer
    organisations.describe_farmer(
        farmer=farmer, called="王叔", growing_since=1999, story="新", at=LATER, by=zhao
    )


def move_the_farmers_phone(label: Label, zhao: User, operator: User) -> None:
    farmer = label.lot.farmer
    assert farmer
    organisations.move_phone(farmer=farmer, phone="10000000077", at=LATER, by=operator)


def rename_the_village(label: Label, zhao: User, operator: User) -> None:
    place = label.lot.village
    Division.objects.filter(pk=place.pk).update(name="永固社区")
    assert fresh(label).lot.village.name == "永固社区"


def change_the_station(label: Label, zhao: User, operator: User) -> None:
    station = organisations.open_station(
        village=label.lot.village,
        name="站",
        address="村口",
        phone="0736-1111111",
        at=NOW,
        by=operator,
    )
    organisations.describe_station(
        station=station,
        name="新站",
        address="别处",
        phone="0736-0000000",
        position=Position(289, 1120),
        by=operator,
        at=LATER,
    )


def dismiss_the_assistant(label: Label, zhao: User, operator: User) -> None:
    organisations.dismiss_assistant(assistant=zhao.assistant, by=operator, at=LATER)


def rename_whoever_issued(label: Label, zhao: User, operator: User) -> None:
    User.objects.filter(pk=zhao.pk).update(name="别名")


def attach_more(label: Label, zhao: User, operator: User) -> None:
    attach(label.lot, zhao, "three", title="另一份")
    # The same file once more is refused, whatever is said of it.
    with pytest.raises(operations.UnableToAttach):
        attach(label.lot, zhao, "one", title="别的名称", result="合格")


def record_and_strike(label: Label, zhao: User, operator: User) -> None:
    event = operations.record_event(
        lot=label.lot, kind="pack", happened_at=NOW, by=zhao, at=LATER
    )
    operations.strike_event(event=event, reason="示例", by=zhao, at=LATER)


def spray_the_plot_afterwards(label: Label, zhao: User, operator: User) -> None:
    operations.record_event(
        lot=label.lot,
        kind="spray",
        happened_at=LATER,
        substance="苦参碱",
        interval_days=14,
        by=zhao,
        at=LATER,
    )


def split_and_merge_the_rest(label: Label, zhao: User, operator: User) -> None:
    (part,) = operations.split_lot(
        lot=label.lot, weights_g=[100_000], by=zhao, at=LATER
    )
    operations.merge_lots(
        portions=[Portion(fresh(label).lot, 1), Portion(part, 50_000)],
        product_name="混合",
        by=zhao,
        at=LATER,
    )


def supersede_another_certificate(label: Label, zhao: User, operator: User) -> None:
    other = new_certificate(lot=label.lot, by=zhao, quantity_g=1_000)
    operations.supersede_certificate(
        certificate=other, reason="示例", by=zhao, at=LATER
    )
    # Its sums are free again, under another certificate with labels of its own.
    new_batch(certificate=new_certificate(lot=fresh(label).lot, by=zhao), by=zhao)


def revoke_another_certificate(label: Label, zhao: User, operator: User) -> None:
    other = new_certificate(lot=label.lot, by=zhao, quantity_g=1_000)
    operations.revoke_certificate(
        certificate=other, reason="示例", by=operator, at=LATER
    )


def void_the_next_label(label: Label, zhao: User, operator: User) -> None:
    other = Label.objects.get(pk=label.pk + 1)
    operations.void_label(label=other, reason="示例", by=zhao, at=LATER)


def mint_more(label: Label, zhao: User, operator: User) -> None:
    new_batch(
        certificate=label.batch.certificate, by=zhao, product_name="别的字", pack_g=500
    )


def publish(label: Label, zhao: User, operator: User) -> None:
    operations.publish_log(at=LATER)


HONEST: list[Callable[[Label, User, User], None]] = [
    rename_the_farmer,
    move_the_farmers_phone,
    rename_the_village,
    change_the_station,
    dismiss_the_assistant,
    rename_whoever_issued,
    attach_more,
    record_and_strike,
    spray_the_plot_afterwards,
    split_and_merge_the_rest,
    supersede_another_certificate,
    revoke_another_certificate,
    void_the_next_label,
    mint_more,
    publish,
]


def reads_genuine(label: Label) -> None:
    page = Client(headers={"accept-language": "en"}).get(f"/T/{label.code}")
    assert page.status_code == 200
    assert "Genuine" in page.content.decode()
    number = label.batch.certificate.number
    paper = Client().get(f"/certificates/{number}/")
    assert paper.status_code == 200


@pytest.mark.parametrize("act", HONEST, ids=lambda act: act.__name__)
def test_is_still_genuine(
    label: Label, zhao: User, operator: User, act: Callable[..., None]
) -> None:
    act(fresh(label), zhao, operator)
    reads_genuine(label)


def test_is_still_genuine_after_everything(
    label: Label, zhao: User, operator: User
) -> None:
    for act in HONEST:
        act(fresh(label), zhao, operator)
    reads_genuine(label)


# What people and phones really type: other spaces, marks of their own, rare signs.
WORDS = (
    " 冰糖橙 ",
    "冰糖橙\u3000甜",
    "e\u0301clair é",
    "𠮷田橙👨‍👩‍👧",
    'a"b\\c</script>',
    "１２３．５",
    "\u202e橙",
    "　",
)


@pytest.mark.parametrize("words", WORDS)
def test_whatever_it_is_called(farmer_wang: Farmer, zhao: User, words: str) -> None:
    plot = new_plot(farmer=farmer_wang, by=zhao)
    try:
        lot = new_lot(farmer=farmer_wang, by=zhao, plot=plot, product_name=words)
    except operations.UnableToRecordLot:
        assert not words.strip()
        return
    attach(lot, zhao, words, title=words, result=words)
    certificate = new_certificate(lot=lot, by=zhao, promisor=words, contact=words)
    batch = new_batch(certificate=certificate, by=zhao, product_name=words)
    for code in batch.codes()[:2]:
        operations.pack_label(code=code, at=NOW, by=zhao)
        assert queries.judge(text=code, device=None, now=NOW).state == "genuine"


@pytest.mark.parametrize("words", [" 混装 ", "混装"])
def test_a_merged_lot(farmer_wang: Farmer, zhao: User, words: str) -> None:
    older = new_lot(
        farmer=farmer_wang, by=zhao, harvest_date=HARVEST_DAY - timedelta(days=3)
    )
    newer = new_lot(farmer=farmer_wang, by=zhao)
    merged = operations.merge_lots(
        portions=[Portion(newer, 5_000), Portion(older, 5_000)],
        product_name=words,
        by=zhao,
        at=NOW,
    )
    certificate = new_certificate(lot=merged, by=zhao)
    batch = new_batch(certificate=certificate, by=zhao, count=2)
    operations.pack_label(code=batch.first_code, at=NOW, by=zhao)
    assert queries.judge(text=batch.first_code, device=None, now=NOW).is_genuine


@pytest.mark.parametrize("microsecond", [0, 1, 499_999, 999_999])
def test_whenever_it_was_issued(
    farmer_wang: Farmer, zhao: User, microsecond: int
) -> None:
    lot = new_lot(farmer=farmer_wang, by=zhao)
    at = NOW.replace(hour=23, minute=59, second=59, microsecond=microsecond)
    certificate = new_certificate(lot=lot, by=zhao, at=at)
    batch = new_batch(certificate=certificate, by=zhao, at=at)
    operations.pack_label(code=batch.first_code, at=at, by=zhao)
    assert queries.judge(text=batch.first_code, device=None, now=at).is_genuine
