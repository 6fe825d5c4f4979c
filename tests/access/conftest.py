"""The county in which these tests walk about."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test.utils import override_settings

from tests.access.world import NOW, World, build


@pytest.fixture
def _django_db_helper(world: "World") -> None:
    """Instead of pytest-django's transaction for each test: the county's own."""


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """The county, built once; what a visit changes is rolled back after it."""
    folder = tmp_path_factory.mktemp("county")
    here = override_settings(
        PRIVATE_ROOT=folder / "private",
        LOG_FOLDER=folder / "log",
        LOG_WATCH_FILE=folder / "log-seen",
        ALIPAY_TIMEOUT_SECONDS=1,
    )
    with (
        django_db_blocker.unblock(),
        here,
        time_machine.travel(NOW),
        transaction.atomic(),
    ):
        yield build()
        transaction.set_rollback(True)
