"""Acts that begin together, each in a thread and with a connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connections

# Whoever is to be met and never comes is a failure, not a test that never ends.
PATIENCE_SECONDS = 60


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each returned, or the exception it raised, in the order of `acts`."""
    start = meeting(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            start.wait()
            return act()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def meeting(people: int) -> Barrier:
    """Where so many wait for each other; it breaks when one does not come."""
    return Barrier(people, timeout=PATIENCE_SECONDS)


def refused(outcomes: list[Any], *kinds: type[Exception]) -> int:
    """How many were refused so; whatever else went wrong is raised."""
    wrong = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    for error in wrong:
        if not isinstance(error, kinds):
            raise error
    return len(wrong)
