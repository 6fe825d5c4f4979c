"""What the tests of traceability share."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from partners.organisations.models import Assistant, Farmer
from shop.users.models import User
from tests.factories.keys import OfflineMachine
from tests.factories.traceability import (
    NOW,
    english_client,
    new_batch,
    new_certificate,
    new_label,
    new_lot,
)
from traceability import operations
from traceability.models import Certificate, Label, LabelBatch, Lot


@pytest.fixture(autouse=True)
def log_folder(settings: Any, tmp_path: Path) -> Path:
    """Every test has a log of its own."""
    settings.LOG_FOLDER = tmp_path / "log"
    settings.LOG_WATCH_FILE = tmp_path / "log-seen"
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "log"


@pytest.fixture
def client() -> Client:
    """A browser that reads English, so that sentences can be looked for."""
    return english_client()


@pytest.fixture
def zhao(assistant_zhao: Assistant) -> User:
    """The user behind 永固村's assistant."""
    return assistant_zhao.user


@pytest.fixture
def lot(farmer_wang: Farmer, zhao: User) -> Lot:
    return new_lot(farmer=farmer_wang, by=zhao)


@pytest.fixture
def certificate(lot: Lot, zhao: User) -> Certificate:
    return new_certificate(lot=lot, by=zhao)


@pytest.fixture
def batch(certificate: Certificate, zhao: User) -> LabelBatch:
    return new_batch(certificate=certificate, by=zhao)


@pytest.fixture
def label(farmer_wang: Farmer, zhao: User) -> Label:
    """Packed, and not yet looked at."""
    return new_label(farmer=farmer_wang, by=zhao)


@pytest.fixture
def root(settings: Any, tmp_path: Path) -> OfflineMachine:
    """A root on a machine of its own, keys of our own, and list 1."""
    machine = OfflineMachine.new(tmp_path / "offline")
    settings.ROOT_KEY_FILE = str(machine.public_file)
    settings.SIGNING_KEY_FILES = {
        purpose: str(tmp_path / "keys" / f"{purpose}.pem")
        for purpose in ("certificate", "log", "box")
    }
    operations.record_first_keys(at=NOW)
    machine.list_keys(valid_from=NOW)
    return machine
