"""The small cast that tests share. All of them are invented, 示例."""

from datetime import UTC, datetime
from itertools import count

import pytest
from stdnum.cn import uscc

from partners.organisations.models import Assistant, Cooperative, Division, Farmer
from partners.organisations.operations import (
    appoint_assistant,
    register_cooperative,
    register_farmer,
)
from shop.users.models import Role, User
from shop.users.operations import grant_role, register_user

SOME_DAY = datetime(2026, 9, 1, 1, tzinfo=UTC)
PASSWORD = "xiangji-2026"
_numbers = count(1)


def new_phone() -> str:
    """A number that belongs to nobody, another one each time."""
    return f"100{next(_numbers):08d}"


def new_user(*, name: str = "某示例", role: str = "", at: datetime = SOME_DAY) -> User:
    """Somebody with an account (password `PASSWORD`) and perhaps a role."""
    user = register_user(phone=new_phone(), name=name, password=PASSWORD, at=at)
    if role:
        grant_role(user=user, role=role, at=at)
    return user


def new_farmer(
    *, village: Division, called: str, name: str = "", at: datetime = SOME_DAY
) -> Farmer:
    """A farmer of the village, by what neighbours say: 李伯 becomes 李示例."""
    return register_farmer(
        village=village,
        name=name or f"{called[0]}示例",
        called=called,
        phone=new_phone(),
        at=at,
    )


def new_assistant(*villages: Division, name: str, at: datetime = SOME_DAY) -> Assistant:
    """The assistant of these villages."""
    return appoint_assistant(user=new_user(name=name), villages=villages, at=at)


def new_uscc() -> str:
    """A well-formed unified social credit code of nobody's."""
    body = f"93430722MA{next(_numbers):07d}"
    return body + uscc.calc_check_digit(body)


def new_cooperative(*, village: Division, name: str) -> Cooperative:
    """A cooperative of the village."""
    return register_cooperative(village=village, name=name, uscc=new_uscc())


@pytest.fixture
def farmer_wang(village_yonggu: Division) -> Farmer:
    """王婶 of 永固村, who grows oranges."""
    return new_farmer(village=village_yonggu, called="王婶")


@pytest.fixture
def farmer_li(village_luxi: Division) -> Farmer:
    """李伯 of 鹿溪村."""
    return new_farmer(village=village_luxi, called="李伯")


@pytest.fixture
def assistant_zhao(village_yonggu: Division) -> Assistant:
    """Serves 永固村."""
    return new_assistant(village_yonggu, name="赵示例")


@pytest.fixture
def assistant_qian(village_luxi: Division) -> Assistant:
    """Serves 鹿溪村: the assistant of another village."""
    return new_assistant(village_luxi, name="钱示例")


@pytest.fixture
def operator(db: None) -> User:
    """Works for the county."""
    return new_user(name="孙示例", role=Role.OPERATOR)


@pytest.fixture
def auditor(db: None) -> User:
    """Looks at everything, changes nothing."""
    return new_user(name="周示例", role=Role.AUDITOR)


@pytest.fixture
def buyer(db: None) -> User:
    """Buys, with an account."""
    return new_user(name="陈示例", role=Role.BUYER)


@pytest.fixture
def stranger(db: None) -> User:
    """Has an account, and no role, village or thing of their own."""
    return new_user(name="郑示例")
