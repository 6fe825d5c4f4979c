"""Every screen of the back office is reached from the day's page, by links alone."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from partners.operations import approve_statement, file_platform_statement
from partners.organisations.operations import open_station
from partners.statements.lines import Line
from partners.supervision.operations import record_fact
from shop.alipay.models import Difference, Payment, Reconciliation
from shop.alipay.operations.booking import book_capture
from shop.backoffice import queries
from shop.jobs.models import BrokenJob
from shop.notices.models import TextMessage
from shop.ordering.operations import place_bare_order
from shop.users.models import Authenticator
from tests.factories.people import SOME_DAY
from tests.factories.places import load_places
from tests.factories.shares import NOON, OCTOBER, hand_out
from tests.factories.traceability import new_certificate, new_lot
from tests.shop.ordering.test_pack import make_labels
from tests.shop.recalls.test_recall import arrived, bought, recall
from traceability.epcis import operations as epcis
from traceability.models import CloneAlarm, Label, LogAlarm
from traceability.operations import register_licence, report_fake

pytestmark = pytest.mark.django_db
ROOT = "/backoffice/"
LOTS = {"traceability:lots", "traceability:lot"}
SEPTEMBER = date(2026, 9, 1)
# Of each kind of page a few are enough: a county has hundreds of villages.
ENOUGH = 5
LINKS = re.compile(r'(?:href|action|src)="([^"]*)"')
SETS = re.compile(r'srcset="([^"]*)"')


def screens() -> Iterator[str]:
    """The name of every address under /backoffice/."""

    def walk(patterns: list, before: str, names: str) -> Iterator[tuple[str, str]]:
        for pattern in patterns:
            here = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                inner = names + (f"{pattern.namespace}:" if pattern.namespace else "")
                yield from walk(pattern.url_patterns, here, inner)
            elif isinstance(pattern, URLPattern):
                yield here, names + str(pattern.name)

    for address, name in walk(get_resolver().url_patterns, "", ""):
        if address.startswith(ROOT.lstrip("/")):
            yield name


def followed(client: Client, start: str) -> tuple[set[str], dict[str, int]]:
    """Names of what links and forms lead to, and every page's answer."""
    waiting, names, answers = [start], set(), {}
    seen: Counter[str] = Counter()
    while waiting:
        page = waiting.pop()
        kind = resolve(page.split("?")[0]).view_name
        if page in answers or seen[kind] == ENOUGH:
            continue
        seen[kind] += 1
        answer = client.get(page)
        answers[page] = answer.status_code
        if answer.status_code != 200 or "html" not in answer.headers["Content-Type"]:
            continue
        text = answer.content.decode()
        found = LINKS.findall(text)
        for several in SETS.findall(text):
            found += [part.split()[0] for part in several.split(",")]
        for link in found:
            link = link.replace("&amp;", "&").split("#")[0]
            if link.startswith("?"):
                link = page.split("?")[0] + link
            path = link.split("?")[0]
            if not path.startswith((ROOT, "/assistant/lots/")):
                continue
            match = resolve(path)
            names.add(match.view_name)
            if path.startswith(ROOT) or match.view_name in LOTS:
                waiting.append(link)
    return names, answers


@pytest.fixture
def county(
    supermarket,
    freight,
    disbursement,
    household_li,
    farmer_wang,
    assistant_zhao,
    operator,
    other_operator,
    oranges,
) -> None:
    """One of everything that the back office shows."""
    record_fact(
        kind="cadre_relative",
        id_number=household_li.id_number,
        on_date=OCTOBER,
        source="示例名单",
        at=NOON,
    )
    hand_out(household_li, 100, by=operator)
    lot = new_lot(farmer=farmer_wang, by=operator)
    new_certificate(lot=lot, by=operator)
    register_licence(
        mark="organic",
        number="1",
        holder="示例合作社",
        area=farmer_wang.village,
        crop="柑橘",
        quantity_g=1_000,
        valid_from=OCTOBER,
        valid_to=OCTOBER,
        by=operator,
        at=NOON,
    )
    open_station(village=farmer_wang.village, name="永固村级服务站")
    report_fake(code="0" * 20, message="示例", at=NOON)
    payment = Payment.objects.create(
        order_number="1",
        out_trade_no="1",
        app_id="1",
        subject="示例",
        amount_fen=100,
        status=Payment.Status.EXCEPTION,
        expires_at=SOME_DAY + timedelta(minutes=30),
        opened_at=SOME_DAY,
    )
    Difference.objects.create(
        reconciliation=Reconciliation.objects.create(
            app_id=payment.app_id, day=OCTOBER, rows=1, fee_fen=0, ran_at=NOON
        ),
        kind=Difference.Kind.MISSING_LOCAL,
        out_trade_no="1",
        trade_no="1",
        ours_fen=0,
        theirs_fen=100,
    )
    sold = place_bare_order(amount_fen=100, at=SOME_DAY)
    book_capture(
        payment=Payment.objects.get(order_number=sold.number),
        trade_no="2",
        amount_fen=100,
        paid_at=SOME_DAY,
        at=SOME_DAY,
    )
    BrokenJob.objects.create(
        key="示例", task="x", error="OSError", first_at=NOON, last_at=NOON
    )
    Authenticator.objects.create(
        user=other_operator, secret="A" * 32, enrolled_at=NOON, last_step=0
    )
    decided, _waiting = (
        file_platform_statement(
            supermarket=supermarket,
            period=period,
            lines=[Line(1, period, "冰糖橙", None, 29_000, 20_300, f"X{period}")],
            at=NOON,
        )
        for period in (OCTOBER, SEPTEMBER)
    )
    approve_statement(statement=decided, by=other_operator, at=NOON)
    load_places("430104")
    codes = make_labels(oranges, by=assistant_zhao.user)
    oranges.refresh_from_db()
    arrived(bought(oranges), codes, assistant_zhao.user)
    recall(oranges.lot, operator)
    TextMessage.objects.filter(template="lot_recalled").update(
        status=TextMessage.Status.DEAD, sent_at=None
    )
    LogAlarm.objects.create(found=LogAlarm.Found.DAMAGED, detail="示例", raised_at=NOON)
    scanned = Label.objects.order_by("pk")[0]
    CloneAlarm.objects.create(label=scanned, kind="rate", second=6, raised_at=NOON)
    party = epcis.register_party(name="示例冷链", by=operator, at=NOON)
    epcis.give_access(party=party, by=operator, at=NOON)
    epcis.register_trade_item(
        gtin="09506000134352", lot_number=lot.number, by=operator, at=NOON
    )


def test_there_are_many() -> None:
    assert len(set(screens())) > 40


def test_an_operator_reaches_every_one(county, client, operator) -> None:
    client.force_login(operator)
    names, answers = followed(client, reverse("backoffice:today"))
    assert set(screens()) - names == set()
    broken = {page: code for page, code in answers.items() if code not in (200, 405)}
    assert broken == {}


def test_an_auditor_is_led_to_nothing_that_is_closed(county, client, auditor) -> None:
    client.force_login(auditor)
    _names, answers = followed(client, reverse("backoffice:today"))
    assert len(answers) > 15
    assert {page: code for page, code in answers.items() if code != 200} == {}


def test_one_without_a_link_would_be_found(
    county, client, operator, monkeypatch
) -> None:
    monkeypatch.setattr(queries, "today", lambda now: [])
    monkeypatch.setattr(queries, "_SALE", ())
    client.force_login(operator)
    names, _answers = followed(client, reverse("backoffice:today"))
    assert "alipay_backoffice:payments" in set(screens()) - names


def test_counts_stand_beside_what_waits(county, client, operator) -> None:
    client.force_login(operator)
    page = client.get(reverse("backoffice:today")).content.decode()
    for name, count in (
        ("alipay_backoffice:payments", 1),
        ("notices:texts", 1),
        ("partners_backoffice:findings", 1),
        ("partners_backoffice:statements", 1),
    ):
        line = page.split(f'list-item" href="{reverse(name)}"')[1].split("</a>")[0]
        assert re.search(rf'number">{count}<', line), name
