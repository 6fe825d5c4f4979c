"""Measuring something and its baseline in turns."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

Act = Callable[[], object]


@dataclass(frozen=True)
class Rate:
    """How often a second something was done; the slowest of a hundred, where known."""

    per_second: float
    p99_ms: float | None = None


@dataclass(frozen=True)
class Figure:
    """How often a second something was done, and its baseline."""

    area: str
    name: str
    per_second: float
    baseline: str
    baseline_per_second: float
    p99_ms: float | None = None
    baseline_p99_ms: float | None = None

    @property
    def ratio(self) -> float:
        return self.per_second / self.baseline_per_second


@dataclass(frozen=True)
class Clock:
    """`rounds` turns of `seconds` each; the median turn counts."""

    rounds: int = 5
    seconds: float = 0.5

    def compare(
        self,
        *,
        area: str,
        name: str,
        act: Act,
        baseline: str,
        bare: Act,
        times: int = 1,
        bare_times: int = 1,
    ) -> Figure:
        """Measure `bare` and `act` in turns, so that a busy moment hits both.

        `times`: how many of what is counted one call does.
        """
        bare()
        act()
        return self.in_turns(
            area=area,
            name=name,
            measure=lambda: self._rate(act, times),
            baseline=baseline,
            measure_bare=lambda: self._rate(bare, bare_times),
        )

    def in_turns(
        self,
        *,
        area: str,
        name: str,
        measure: Callable[[], Rate],
        baseline: str,
        measure_bare: Callable[[], Rate],
    ) -> Figure:
        """The same for what measures itself, as a load from another program does."""
        rates: list[Rate] = []
        bare_rates: list[Rate] = []
        for _turn in range(self.rounds):
            bare_rates.append(measure_bare())
            rates.append(measure())
        middle, bare_middle = _middle(rates), _middle(bare_rates)
        return Figure(
            area,
            name,
            middle.per_second,
            baseline,
            bare_middle.per_second,
            middle.p99_ms,
            bare_middle.p99_ms,
        )

    def _rate(self, act: Act, times: int) -> Rate:
        done = 0
        start = perf_counter()
        while (spent := perf_counter() - start) < self.seconds:
            act()
            done += times
        return Rate(done / spent)


def _middle(rates: list[Rate]) -> Rate:
    known = [rate.p99_ms for rate in rates if rate.p99_ms is not None]
    return Rate(
        median(rate.per_second for rate in rates), median(known) if known else None
    )
