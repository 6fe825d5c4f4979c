"""What logistics' tests share."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from logistics import signals
from logistics.address import gazetteer
from tests.factories.parcels import NOON

Heard = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def heard() -> Iterator[Heard]:
    """Listen to a signal by its name: what it says comes into the list."""
    listeners: list[tuple[Any, Any]] = []

    def listen(name: str) -> list[dict[str, Any]]:
        news: list[dict[str, Any]] = []

        def listener(sender: object, **said: Any) -> None:
            news.append(said)

        signal = getattr(signals, name)
        signal.connect(listener, weak=False)
        listeners.append((signal, listener))
        return news

    yield listen
    for signal, listener in listeners:
        signal.disconnect(listener)


@pytest.fixture(autouse=True)
def _forget_places() -> None:
    """Each test has places of its own; none may see another's."""
    gazetteer._held = None


@pytest.fixture
def time_machine_noon() -> Iterator[Callable[..., None]]:
    """Move the clock to so long after NOON: `time_machine_noon(hours=5)`."""
    travels: list[Any] = []

    def move(**since: float) -> None:
        while travels:
            travels.pop().stop()
        travel = time_machine.travel(NOON + timedelta(**since), tick=False)
        travel.start()
        travels.append(travel)

    yield move
    while travels:
        travels.pop().stop()
