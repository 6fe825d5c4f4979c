"""A county in which everybody has something that the others must not touch.

Things belong to 永固村, to 永固爱心超市, to 王婶 and to 张示例's household. Every role
that ends in `other_…` has the same standing somewhere else.
"""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

from django.core.files.base import ContentFile
from django.test import Client

from partners import operations as partners
from partners.links import link_token
from partners.models import DisbursementPhoto
from partners.operations import Photo
from partners.organisations import operations as organisations
from partners.supervision.models import Finding
from shop.alipay.models import Difference, Payment, Reconciliation
from shop.alipay.operations.booking import book_capture
from shop.jobs.models import BrokenJob
from shop.listings import operations as listings
from shop.notices.models import TextMessage
from shop.notices.operations import send_text
from shop.recalls import operations as recalls
from shop.recalls.models import Recall
from shop.settlement.queries import farmer_token
from shop.users.models import Authenticator, Role, User
from tests.factories.offers import put_on_sale
from tests.factories.people import new_assistant, new_phone, new_user
from tests.factories.places import load_places, village
from tests.factories.shares import OCTOBER, new_household, new_supermarket, photo
from tests.factories.sheets import LINES, as_csv
from tests.factories.traceability import new_batch, new_certificate, new_lot, new_plot
from tests.shop.ordering.test_place_order import basket_with, place
from traceability import boxcodes
from traceability import operations as traceability
from traceability.epcis import operations as epcis
from traceability.epcis import own
from traceability.epcis.reading import Sent
from traceability.models import CloneAlarm
from traceability.operations.watching import raise_alarm
from traceability.queries import signed_boxes

NOW = datetime(2026, 11, 23, 10, tzinfo=timezone(timedelta(hours=8)))
DAY = timedelta(days=1)
ANONYMOUS = "anonymous"


@dataclass
class World:
    """Who is there (a user by role, and a browser in which they are logged in), and
    the things they have."""

    people: dict[str, User] = field(default_factory=dict)
    browsers: dict[str, Client] = field(default_factory=dict)
    things: SimpleNamespace = field(default_factory=SimpleNamespace)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.things, name)


def build() -> World:
    """Everybody and everything, through the operations that make them."""
    world = World()
    load_places("430722", "430104")
    world.things.yonggu, world.things.luxi = village("永固村"), village("鹿溪村")
    _people(world)
    _farm(world)
    _exchange(world)
    _shop(world)
    _money(world)
    _papers(world)
    for role, user in world.people.items():
        world.browsers[role] = Client()
        world.browsers[role].force_login(
            user, backend="django.contrib.auth.backends.ModelBackend"
        )
    world.browsers[ANONYMOUS] = Client()
    return world


def _people(world: World) -> None:
    things, people = world.things, world.people
    for role, granted in (
        ("stranger", ""),
        ("buyer", Role.BUYER),
        ("contact", ""),
        ("other_contact", ""),
        ("manager", ""),
        ("other_manager", ""),
        ("operator", Role.OPERATOR),
        ("auditor", Role.AUDITOR),
        ("inspector", Role.INSPECTOR),
    ):
        people[role] = new_user(name="某示例", role=granted)
    # Somebody who was an operator until yesterday.
    people["former_operator"] = new_user(name="某示例", role=Role.OPERATOR)
    from shop.users.operations import revoke_role

    revoke_role(user=people["former_operator"], role=Role.OPERATOR, at=NOW - DAY)
    things.assistant = new_assistant(things.yonggu, name="赵示例")
    things.other_assistant = new_assistant(things.luxi, name="钱示例")
    former = new_assistant(things.yonggu, name="孙示例")
    organisations.dismiss_assistant(assistant=former, at=NOW - DAY)
    people["assistant"] = things.assistant.user
    people["other_assistant"] = things.other_assistant.user
    people["former_assistant"] = User.objects.get(pk=former.user_id)
    for role, place_, called in (
        ("farmer", things.yonggu, "王婶"),
        ("other_farmer", things.luxi, "李伯"),
    ):
        people[role] = new_user(name="某示例")
        farmer = organisations.register_farmer(
            village=place_,
            name=f"{called[0]}示例",
            called=called,
            phone=people[role].phone,
            user=people[role],
            at=NOW - DAY,
        )
        setattr(things, role, farmer)
    things.supermarket = new_supermarket(
        division=things.yonggu, name="永固爱心超市", manager=people["manager"]
    )
    things.other_supermarket = new_supermarket(
        division=things.luxi, name="鹿溪爱心超市", manager=people["other_manager"]
    )
    things.household = new_household(
        village=things.yonggu, name="张示例", contact=people["contact"]
    )
    things.other_household = new_household(
        village=things.luxi, name="李示例", contact=people["other_contact"]
    )
    things.unpaired = new_household(village=things.yonggu, name="陈示例")
    things.household_token = link_token(things.household)
    things.farmer_token = farmer_token(things.farmer)


def _farm(world: World) -> None:
    things, by = world.things, world.people["assistant"]
    things.plot = new_plot(farmer=things.farmer, by=by)
    day = (NOW - DAY).date()
    things.lot = new_lot(
        farmer=things.farmer, by=by, plot=things.plot, harvest_date=day
    )
    things.licence = traceability.register_licence(
        mark="organic",
        number="示例",
        holder="示例",
        area=things.yonggu,
        crop="柑橘",
        quantity_g=100_000,
        valid_from=day,
        valid_to=day,
        by=world.people["operator"],
        at=NOW,
    )
    things.record_import = traceability.check_import(
        file=ContentFile(
            "村,农户,地块,作物,面积\n永固村,王婶,前坡,柑橘,2\n".encode(), "x.csv"
        ),
        by=by,
        at=NOW,
    )
    things.spare_lot = new_lot(farmer=things.farmer, by=by, plot=things.plot)
    things.event = traceability.record_event(
        lot=things.lot, kind="harvest", happened_at=NOW - DAY, by=by, at=NOW
    )
    things.evidence = traceability.attach_evidence(
        lot=things.lot, kind="photo", title="田里", file=photo(), by=by, at=NOW
    )
    things.certificate = new_certificate(
        lot=things.lot, by=by, quantity_g=150_000, at=NOW
    )
    made = {"certificate": things.certificate, "by": by, "at": NOW}
    things.batch = new_batch(**made, scratch=True)
    codes = things.batch.codes()
    things.codes, things.code = codes, codes[0]
    traceability.pack_label(code=things.code, by=by, at=NOW)
    boxes = traceability.issue_boxes(batch=things.batch, by=by, at=NOW)
    (message,) = signed_boxes(boxes, [things.batch.first_number])
    things.box_text = boxcodes.address(message).rpartition("/")[2]
    things.other_batch = new_batch(**made)
    things.printed = traceability.print_labels(
        batch=things.batch,
        paper="50x30",
        first=things.batch.first_number,
        last=things.batch.last_number,
        by=by,
        at=NOW,
    )
    traceability.publish_log(at=NOW)


def _exchange(world: World) -> None:
    things, by = world.things, world.people["operator"]
    things.own_event_id = own.event_id(things.event)
    things.party = epcis.register_party(name="示例冷链", by=by, at=NOW)
    things.access, _secret = epcis.give_access(party=things.party, by=by, at=NOW)
    things.item = epcis.register_trade_item(
        gtin="09506000134352", lot_number=things.lot.number, by=by, at=NOW
    )
    told = {
        "type": "ObjectEvent",
        "eventTime": "2026-11-22T09:00:00+08:00",
        "eventTimeZoneOffset": "+08:00",
        "epcList": ["https://id.gs1.org/01/09506000134352/21/A1"],
        "action": "OBSERVE",
    }
    things.capture_job = epcis.capture_document(
        party=things.party, sent=Sent([told], []), behaviour="rollback", at=NOW
    )
    things.captured = things.capture_job.events.get()


def _shop(world: World) -> None:
    from logistics.models import FreightTemplate
    from logistics.operations import RegionPrice, create_template

    things = world.things
    things.freight = create_template(
        name="汉寿常温",
        basis=FreightTemplate.Basis.WEIGHT,
        prices=[
            RegionPrice(
                region_codes=("",),
                first_units=3_000,
                first_fen=600,
                additional_units=1_000,
                additional_fen=200,
                free_from_fen=9_900,
            )
        ],
        not_delivered=["54"],
        at=NOW - DAY,
    )
    things.other_freight = create_template(
        name="汉寿整箱",
        basis=FreightTemplate.Basis.PIECE,
        prices=[RegionPrice(("",), 1, 500, 1, 300)],
        at=NOW - DAY,
    )
    offer = {
        "farmer": things.farmer,
        "assistant": things.assistant,
        "freight_template": things.freight,
        "at": NOW - DAY,
    }
    things.listing = put_on_sale(
        "冰糖橙", pack_g=2_500, price_fen=2_900, packs=60, **offer
    )
    listings.link_lot(listing=things.listing, lot=things.lot, at=NOW)
    terms = {"pack_g": 500, "price_fen": 5_800, "packs": 20}
    things.draft = _draft(world, terms)
    things.sent = _draft(world, terms)
    things.asked = listings.send_to_farmer(
        listing=things.sent, by=things.assistant, at=NOW
    )
    things.denied = _draft(world, terms)
    no = listings.send_to_farmer(listing=things.denied, by=things.assistant, at=NOW)
    listings.deny_listing(token=no.token, at=NOW)
    things.reported = traceability.report_fake(code="示例", message="示例", at=NOW)
    # One phone in Changsha, another in Beijing, a third is silent.
    for device, latitude, longitude in (("r" * 20, 282, 1129), ("s" * 20, 399, 1164)):
        seen = {"code": things.code, "device": device, "at": datetime.now(UTC)}
        traceability.count_scan(**seen)
        traceability.tell_place(**seen, latitude=latitude, longitude=longitude)
    traceability.count_scan(code=things.code, device="t" * 20, at=datetime.now(UTC))
    things.clone = CloneAlarm.objects.get()
    things.alarm = raise_alarm(found="shrank", detail="示例", at=NOW)
    things.order = place(basket_with((things.listing, 1)), at=NOW)
    things.purchase = things.order.purchase
    things.payment = Payment.objects.get(order_number=things.order.number)
    paid = place(basket_with((things.listing, 1)), key="1" * 32, at=NOW)
    payment = Payment.objects.get(order_number=paid.number)
    book_capture(
        payment=payment,
        trade_no="1",
        amount_fen=payment.amount_fen,
        paid_at=NOW,
        at=NOW,
    )
    things.sub_order = paid.sub_orders.get()
    things.basket = basket_with((things.listing, 1))
    _recall(world)


def _recall(world: World) -> None:
    things, by = world.things, world.people["operator"]
    lot = new_lot(farmer=things.farmer, by=by, plot=things.plot)
    traceability.recall_lot(lot=lot, reason="示例", by=by, at=NOW)
    recalls.tell_of_recalls(now=NOW)
    things.recall = Recall.objects.get(lot=lot)
    things.notice = things.recall.notices.get()


def _draft(world: World, terms: dict[str, int]) -> Any:
    things = world.things
    draft = listings.draft_listing(
        assistant=things.assistant,
        said="王婶家蜂蜜,一斤装58块,有20瓶,今天摘",
        freight_template=things.freight,
        at=NOW,
    )
    assert not [one for one in draft.unread if one["field"] == "farmer"]
    return listings.correct_draft(
        listing=draft,
        by=things.assistant,
        pack_g=terms["pack_g"],
        price_fen=terms["price_fen"],
        capacity_packs=terms["packs"],
        at=NOW,
    )


def _money(world: World) -> None:
    things, people = world.things, world.people
    agreement = partners.sign_agreement(
        supermarket=things.supermarket,
        starts_on=date(2026, 7, 1),
        ends_on=date(2027, 6, 30),
        rate_bp=500,
        cap_fen=300_000,
        at=NOW - DAY,
    )
    for household in (things.household, things.other_household):
        partners.pair(agreement=agreement, household=household, weight=1, at=NOW - DAY)
    things.statement = _filed(world, OCTOBER, "2026-10", "XS-1")
    partners.approve_statement(
        statement=things.statement, by=people["operator"], at=NOW
    )
    things.waiting = _filed(world, date(2026, 9, 1), "2026-09", "XS-2")
    things.upload = partners.check_upload(
        supermarket=things.supermarket,
        period=date(2026, 8, 1),
        file=_sheet("2026-08", "XS-3"),
        by=people["manager"],
        at=NOW,
    )
    assert things.upload.file
    partners.pay_in(
        supermarket=things.supermarket,
        amount_fen=2_000,
        reference="示例-1",
        by=people["operator"],
        at=NOW,
    )
    other = new_user(name="韩示例", role=Role.OPERATOR)
    things.disbursement = partners.disburse(
        household=things.household,
        amount_fen=500,
        kind="cash",
        receipt=photo(color="blue"),
        photos=[Photo(photo(color="red"), stage="during"), photo(color="green")],
        by=other,
        at=NOW,
    )
    things.hidden, things.shown = DisbursementPhoto.objects.order_by("pk")
    partners.publish_photo(photo=things.shown, by=people["operator"], at=NOW)
    things.finding = Finding.objects.create(
        key="test:1",
        rule="not_received",
        severity=Finding.Severity.HARD,
        household=things.household,
        disbursement=things.disbursement,
        found_at=NOW,
    )
    from partners.ledger.models import Entry

    things.entry = Entry.objects.filter(kind="share_accrued").first()


def _sheet(month: str, receipts: str) -> ContentFile:
    lines = [
        (day.replace("2026-10", month), *cells[:-1], f"{receipts}{number}")
        for number, (day, *cells) in enumerate(LINES)
    ]
    return ContentFile(as_csv(lines), "示例.csv")


def _filed(world: World, period: date, month: str, receipts: str) -> Any:
    return partners.file_statement(
        supermarket=world.things.supermarket,
        period=period,
        file=_sheet(month, receipts),
        by=world.people["manager"],
        at=NOW,
    )


def _papers(world: World) -> None:
    things = world.things
    things.authenticator = Authenticator.objects.create(
        user=world.people["auditor"], secret="B" * 32, enrolled_at=NOW, last_step=0
    )
    things.text = send_text(
        phone=new_phone(),
        template="order_cancelled",
        params={"number": "1", "link": "/orders/1/x/"},
        at=NOW,
        key=secrets.token_hex(8),
    )
    TextMessage.objects.filter(pk=things.text.pk).update(
        status=TextMessage.Status.DEAD, tries=8
    )
    things.job = BrokenJob.objects.create(
        key="示例",
        task="shop.users.tasks.forget_old_logins",
        ids={},
        error="OSError",
        first_at=NOW,
        last_at=NOW,
    )
    report = Reconciliation.objects.create(
        app_id="x", day=NOW.date(), rows=1, fee_fen=0, ran_at=NOW
    )
    things.difference = Difference.objects.create(
        reconciliation=report,
        kind=Difference.Kind.MISSING_LOCAL,
        out_trade_no="示例",
        trade_no="示例",
        ours_fen=0,
        theirs_fen=500,
    )
