"""Measuring something and its baseline in turns."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

Act = Callable[[], object]


@dataclass(frozen=True)
class Figure:
    """How often a second something was done, and its baseline."""

    area: str
    name: str
    per_second: float
    baseline: str
    baseline_per_second: float

    @property
    def ratio(self) -> float:
        return self.per_second / self.baseline_per_second


@dataclass(frozen=True)
class Clock:
    """`rounds` turns of `seconds` each; the median turn counts."""

    rounds: int = 5
    seconds: float = 0.5

    def compare(
        self, *, area: str, name: str, act: Act, baseline: str, bare: Act
    ) -> Figure:
        """Measure `bare` and `act` in turns, so that a busy moment hits both."""
        rates: list[float] = []
        bare_rates: list[float] = []
        bare()
        act()
        for _turn in range(self.rounds):
            bare_rates.append(self._rate(bare))
            rates.append(self._rate(act))
        return Figure(area, name, median(rates), baseline, median(bare_rates))

    def _rate(self, act: Act) -> float:
        times = 0
        start = perf_counter()
        while (spent := perf_counter() - start) < self.seconds:
            act()
            times += 1
        return times / spent
