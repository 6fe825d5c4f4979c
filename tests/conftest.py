"""What every test shares, and the fixtures that any may ask for by name."""

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import translation
from hypothesis import settings as hypothesis_settings

from shop.storefront import front, queries
from shop.storefront.templatetags.storefront import forget_cards
from tests import databases, stages
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
from traceability.queries import kept, withdrawn

lift_guards_around_flush()

# Tests do not time things: a loaded machine is no defect.
hypothesis_settings.register_profile("xiangji", deadline=None)
hypothesis_settings.load_profile("xiangji")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        stages.place(item)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("only_on"):
        if connection.vendor not in mark.args:
            pytest.skip(mark.kwargs["reason"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the tests stood on: the embedded sizes or real servers."""
    cache_of = settings.CACHES["default"]["BACKEND"].rpartition(".")[2]
    terminalreporter.write_line(
        f"on {connection.vendor}, {cache_of}, {settings.SEARCH_ENGINE}"
    )


@pytest.fixture(scope="session")
def django_db_keepdb(
    request: pytest.FixtureRequest, django_db_modify_db_settings: None
) -> bool:
    """Start from what the migrations make; what is missing is migrated as usual."""
    if request.config.getvalue("reuse_db"):
        return True
    database = settings.DATABASES["default"]
    if "sqlite3" in database["ENGINE"]:
        return databases.migrated_sqlite(database)
    database["TEST"]["TEMPLATE"] = databases.migrated_postgresql(database)
    return False


@pytest.fixture(autouse=True)
def in_the_usual_language() -> None:
    """A request leaves its language behind in the thread, for the next test to find."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def forget_pages() -> None:
    """Kept pages, the menu and the cache remember one database: the last test's."""
    cache.clear()
    front.pages.clear()
    kept.clear()
    withdrawn.look_again()
    forget_cards()
    queries.forget()
