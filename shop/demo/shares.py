"""The history's shares: each month's statements, approvals, pay-ins and gifts."""

import calendar as months
import csv
import io
import random
from datetime import date, datetime, timedelta

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Sum
from django.utils import timezone
from PIL import Image, ImageDraw

from partners import operations as partners
from partners.ledger.queries import balance_fen
from partners.links import link_token
from partners.models import Disbursement, Household, Statement, Supermarket
from shop.demo import papers, people
from shop.demo.history import Calendar
from shop.settlement.statements import file_platform_statements
from shop.users.models import User

GOODS = ("大米10公斤", "菜籽油5升", "棉被一床", "儿童书包和文具")
STORE_GOODS = (
    ("大米", 5200, 4300),
    ("菜籽油", 6800, 5600),
    ("酱油", 1250, 940),
    ("洗衣粉", 1890, 1420),
    ("卷纸", 2600, 2010),
    ("牛奶", 5800, 4780),
    ("面条", 980, 720),
    ("白糖", 860, 650),
)


def plan_month(month: date, *, calendar: Calendar, chance: random.Random) -> None:
    """File on the 3rd of the next month, approve, pay in, hand out, confirm."""
    after = month + timedelta(days=months.monthrange(month.year, month.month)[1])

    def day(number: int, hour: int) -> datetime:
        moment = datetime.combine(after.replace(day=number), datetime.min.time())
        return timezone.make_aware(moment) + timedelta(hours=hour)

    calendar.at(day(3, 10), lambda at: file_all(month, chance=chance, at=at))
    calendar.at(day(5, 15), lambda at: approve_all(month, at=at))
    calendar.at(day(8, 11), lambda at: pay_all_in(month, at=at))
    calendar.at(day(12, 9), lambda at: hand_out(month, chance=chance, at=at))
    calendar.at(day(14, 20), lambda at: confirm_all(month, at=at))


def file_all(month: date, *, chance: random.Random, at: datetime) -> None:
    """Each manager files the store's sales; the platform files its own orders."""
    for shop in people.SUPERMARKETS:
        supermarket = Supermarket.objects.get(uscc=shop.uscc)
        if supermarket.statements.filter(period=month).exists():
            continue
        partners.file_statement(
            supermarket=supermarket,
            period=month,
            file=store_sales(month, chance=chance),
            by=User.objects.get(phone=shop.manager.phone),
            at=at,
        )
    file_platform_statements(period=month, at=at)


def store_sales(month: date, *, chance: random.Random) -> SimpleUploadedFile:
    """A month of an invented store's sales, as its till exports them."""
    text = io.StringIO()
    sheet = csv.writer(text)
    sheet.writerow(["日期", "商品", "数量", "销售额", "成本", "单据号"])
    days = months.monthrange(month.year, month.month)[1]
    for number in range(1, 61):
        name, price_fen, cost_fen = chance.choice(STORE_GOODS)
        packs = chance.randrange(4, 30)
        sheet.writerow(
            [
                month.replace(day=chance.randrange(1, days + 1)).isoformat(),
                name,
                packs,
                f"{packs * price_fen / 100:.2f}",
                f"{packs * cost_fen / 100:.2f}",
                f"{month:%Y%m}{number:04d}",
            ]
        )
    return SimpleUploadedFile(
        f"{month:%Y-%m}.csv", text.getvalue().encode("gbk"), content_type="text/csv"
    )


def approve_all(month: date, *, at: datetime) -> None:
    """The second operator approves what waits."""
    second = User.objects.get(phone=people.SECOND_OPERATOR.phone)
    for statement in Statement.objects.waiting().filter(period=month).order_by("pk"):
        partners.approve_statement(statement=statement, by=second, at=at)


def pay_all_in(month: date, *, at: datetime) -> None:
    """Every supermarket pays what it owes."""
    operator = User.objects.get(phone=people.OPERATOR.phone)
    for supermarket in Supermarket.objects.order_by("pk"):
        owed_fen = balance_fen(f"supermarket:{supermarket.pk}:share")
        if owed_fen > 0:
            partners.pay_in(
                supermarket=supermarket,
                amount_fen=owed_fen,
                reference=f"DEMO{month:%Y%m}{supermarket.pk:04d}",
                by=operator,
                at=at,
            )


def hand_out(month: date, *, chance: random.Random, at: datetime) -> None:
    """Each household gets what was paid in for it, as money or as goods."""
    operator = User.objects.get(phone=people.OPERATOR.phone)
    for household in Household.objects.order_by("pk"):
        key = f"demo-{month:%Y%m}-{household.pk}"
        amount_fen = _left_for(household)
        if amount_fen <= 0 or Disbursement.objects.filter(key=key).exists():
            continue
        goods = household.pk % 3 == 0
        partners.disburse(
            household=household,
            amount_fen=amount_fen,
            kind="goods" if goods else "cash",
            goods=chance.choice(GOODS) if goods else "",
            receipt=papers.receipt(number=key, amount_fen=amount_fen),
            photos=[photo(chance)],
            by=operator,
            key=key,
            at=at + timedelta(minutes=household.pk * 7),
        )


def _left_for(household: Household) -> int:
    """Fen that were paid in for the household and not handed out yet."""
    funded = household.accrual_lines.aggregate(fen=Sum("funded_fen"))["fen"] or 0
    given = household.disbursements.aggregate(fen=Sum("amount_fen"))["fen"] or 0
    return funded - given


def photo(chance: random.Random) -> ContentFile:
    """A picture of parcels on a table, drawn, with nobody in it."""
    picture = Image.new("RGB", (1200, 800), "#e3eddc")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 560, 1200, 800), fill="#8a5a00")
    for left in range(120, 1000, 260):
        top = 560 - chance.randrange(140, 300)
        draw.rectangle((left, top, left + 200, 560), fill="#d9a066", outline="#6b4a1f")
        draw.rectangle((left + 88, top, left + 112, 560), fill="#c2410c")
    return papers.jpeg(picture, name=f"photo-{chance.randrange(10**9)}.jpg")


def confirm_all(month: date, *, at: datetime) -> None:
    """The contacts say it arrived; one of them has not looked yet."""
    given = Disbursement.objects.filter(
        key__startswith=f"demo-{month:%Y%m}-", confirmations__isnull=True
    ).order_by("pk")
    for disbursement in list(given)[:-1]:
        partners.confirm_receipt(
            disbursement=disbursement,
            token=link_token(disbursement.household),
            at=at,
        )
