"""What one run shares: its clock, its database, and the county in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from bench.measure import Clock
from bench.server import Server, serving

if TYPE_CHECKING:
    from bench.county import County


@dataclass
class Bench:
    """One run of measurements. `products`: how many the county has on sale."""

    clock: Clock
    products: int = 1_000
    load_seconds: float = 2.0
    workers: int = 2

    def county(self) -> "County":
        """Made when the first area asks for it, or needs its rows."""
        return self._county

    @cached_property
    def _county(self) -> "County":
        from bench import county

        return county.make(self.products)

    @contextmanager
    def serving(self) -> Iterator[Server]:
        """A web server that reads this run's database."""
        from django.db import connection

        name = str(connection.settings_dict["NAME"])
        with serving(name, workers=self.workers) as server:
            yield server
