"""A supermarket and two households for tests, invented, 示例."""

import io
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import pytest
from django.core.files.base import ContentFile
from PIL import Image
from stdnum import luhn
from stdnum.cn import ric

from partners.models import (
    Accrual,
    Agreement,
    Disbursement,
    Household,
    PayIn,
    Statement,
    Supermarket,
)
from partners.operations import (
    approve_statement,
    disburse,
    file_statement,
    pair,
    pay_in,
    register_household,
    register_supermarket,
    sign_agreement,
)
from partners.organisations.models import Division
from shop.users.models import Role, User
from tests.factories.people import new_phone, new_uscc, new_user
from tests.factories.sheets import as_csv

JOINED = datetime(2026, 6, 1, 1, tzinfo=UTC)
OCTOBER = date(2026, 10, 1)
AFTER_OCTOBER = datetime(2026, 11, 3, 2, tzinfo=UTC)
NOON = datetime(2026, 11, 10, 4, tzinfo=UTC)
_numbers = count(1)


def new_id_number() -> str:
    """A well-formed ID number of nobody's: born in 1800, who is long dead."""
    body = f"43072218000101{next(_numbers):03d}"
    return body + ric.calc_check_digit(body + "0")


def new_bank_card() -> str:
    """A well-formed card number of nobody's."""
    body = f"62000000000000{next(_numbers):04d}"
    return body + luhn.calc_check_digit(body)


def new_supermarket(
    *, division: Division, name: str, manager: User | None = None
) -> Supermarket:
    """A supermarket with one manager."""
    return register_supermarket(
        name=name,
        uscc=new_uscc(),
        division=division,
        managers=[manager or new_user(name="店长示例")],
        at=JOINED,
    )


def new_household(*, village: Division, name: str, **changes: Any) -> Household:
    """A household of the village with its own ID number, card and phone."""
    facts: dict[str, Any] = {
        "id_number": new_id_number(),
        "bank_card": new_bank_card(),
        "contact_phone": new_phone(),
        "at": JOINED,
    }
    return register_household(village=village, name=name, **(facts | changes))


@pytest.fixture
def manager(db: None) -> User:
    """Keeps 永固爱心超市."""
    return new_user(name="吴示例")


@pytest.fixture
def other_manager(db: None) -> User:
    """Keeps another supermarket."""
    return new_user(name="冯示例")


@pytest.fixture
def supermarket(village_yonggu: Division, manager: User) -> Supermarket:
    """永固爱心超市."""
    return new_supermarket(
        division=village_yonggu, name="永固爱心超市", manager=manager
    )


@pytest.fixture
def other_supermarket(village_luxi: Division, other_manager: User) -> Supermarket:
    """鹿溪爱心超市."""
    return new_supermarket(
        division=village_luxi, name="鹿溪爱心超市", manager=other_manager
    )


@pytest.fixture
def household_zhang(village_yonggu: Division) -> Household:
    """张示例 of 永固村."""
    return new_household(village=village_yonggu, name="张示例")


@pytest.fixture
def household_li(village_luxi: Division) -> Household:
    """李示例 of 鹿溪村."""
    return new_household(village=village_luxi, name="李示例")


@pytest.fixture
def agreement(
    supermarket: Supermarket, household_zhang: Household, household_li: Household
) -> Agreement:
    """5 % of profit, at most ¥3,000 a month, two parts to Zhang, one to Li."""
    signed = sign_agreement(
        supermarket=supermarket,
        starts_on=date(2026, 7, 1),
        ends_on=date(2027, 6, 30),
        rate_bp=500,
        cap_fen=300_000,
        at=JOINED,
    )
    pair(agreement=signed, household=household_zhang, weight=2, at=JOINED)
    pair(agreement=signed, household=household_li, weight=1, at=JOINED)
    return signed


@pytest.fixture
def other_operator(db: None) -> User:
    """A second person who works for the county."""
    return new_user(name="韩示例", role=Role.OPERATOR)


@pytest.fixture
def filed(supermarket: Supermarket, agreement: Agreement, manager: User) -> Statement:
    """October's statement of 永固爱心超市: ¥500.20 of profit, ¥25.01 to share."""
    return file_statement(
        supermarket=supermarket,
        period=OCTOBER,
        file=ContentFile(as_csv(), "十月.csv"),
        by=manager,
        at=AFTER_OCTOBER,
    )


@pytest.fixture
def accrual(filed: Statement, operator: User) -> Accrual:
    """The statement approved: ¥16.67 for Zhang, ¥8.34 for Li."""
    return approve_statement(statement=filed, by=operator, at=AFTER_OCTOBER)


@pytest.fixture
def paid_in(accrual: Accrual, supermarket: Supermarket, operator: User) -> PayIn:
    """All of it paid in."""
    return pay_in(
        supermarket=supermarket,
        amount_fen=accrual.amount_fen,
        reference="ICBC-1",
        by=operator,
        at=AFTER_OCTOBER,
    )


@pytest.fixture
def disbursement(
    paid_in: PayIn, household_zhang: Household, operator: User
) -> Disbursement:
    """Zhang's ¥16.67 handed out in cash."""
    return hand_out(household_zhang, 1_667, by=operator)


def hand_out(
    household: Household, amount_fen: int, *, by: User, **changes: Any
) -> Disbursement:
    """A disbursement in cash with a receipt and a photo, at noon."""
    facts: dict[str, Any] = {
        "kind": Disbursement.Kind.CASH,
        "receipt": photo(),
        "photos": [photo()],
        "at": NOON,
    }
    return disburse(
        household=household, amount_fen=amount_fen, by=by, **(facts | changes)
    )


def photo(size: tuple[int, int] = (64, 48), color: str = "orange") -> ContentFile:
    """A small picture, as a phone would send it."""
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "JPEG")
    return ContentFile(out.getvalue(), "photo.jpg")
