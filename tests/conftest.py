"""What every test shares, and the fixtures that any may ask for by name."""

from pathlib import Path

import pytest
from django.conf import settings

from shop.storefront import middleware, queries
from shop.storefront.templatetags.storefront import forget_cards
from tests.factories.offers import ducks, freight, honey, oranges  # noqa: F401
from tests.factories.people import (  # noqa: F401
    assistant_qian,
    assistant_zhao,
    auditor,
    buyer,
    farmer_li,
    farmer_wang,
    operator,
    stranger,
)
from tests.factories.places import (  # noqa: F401
    hanshou,
    village_luxi,
    village_yonggu,
)
from tests.factories.shares import (  # noqa: F401
    accrual,
    agreement,
    disbursement,
    filed,
    household_li,
    household_zhang,
    manager,
    other_manager,
    other_operator,
    other_supermarket,
    paid_in,
    supermarket,
)
from tests.guards import lift_guards_around_flush
from tools import schema

lift_guards_around_flush()


@pytest.fixture(scope="session")
def django_db_keepdb(
    request: pytest.FixtureRequest, django_db_modify_db_settings: None
) -> bool:
    """On SQLite, start from the text of the schema instead of running migrations.

    Where the text is behind the migrations, they run as usual.
    """
    if request.config.getvalue("reuse_db"):
        return True
    database = settings.DATABASES["default"]
    if "sqlite3" not in database["ENGINE"]:
        return False
    path = Path(database["TEST"]["NAME"])
    path.unlink(missing_ok=True)
    return schema.load(path)


@pytest.fixture(autouse=True)
def forget_pages() -> None:
    """Kept pages and the menu are a process's memory of one database."""
    middleware.pages.clear()
    forget_cards()
    queries.forget()
