"""What a benchmark found: rows of one table, and the rounds behind them."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

Times = Mapping[str, list[float]]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    what : str
        What was measured.
    value : float
        The median.
    unit : str
        Its unit; ``x`` for a ratio.
    most, least : float, optional
        The aim, from above or from below.
    """

    what: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None

    @property
    def aim(self) -> str:
        """Return the aim, and whether it is met; empty where there is none."""
        if self.most is None and self.least is None:
            return ""
        is_met = self.value <= self.most if self.least is None else self.value >= self.least
        sign, bound = ("<=", self.most) if self.least is None else (">=", self.least)
        return f"{sign} {bound:.3g}{'' if is_met else '  missed'}"

    def __str__(self) -> str:
        return f"  {self.what:<66}{number(self.value):>9} {self.unit:<6}{self.aim}".rstrip()


def number(value: float) -> str:
    """Return a figure with three digits that count."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 0.1 else 3
    return f"{value:,.{digits}f}"


def show(title: str, rows: Iterable[Row | str]) -> None:
    """Print the rows of one benchmark, each as it comes."""
    print(f"\n{title}")
    for row in rows:
        print(row, flush=True)


def take_turns(
    ways: Mapping[str, Callable[[], object]],
    n_rounds: int,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Return how long each way took in each round [s].

    All take turns in one process, forwards and backwards, so that ratios within a round hold on a
    machine that others use too.
    """
    times: dict[str, list[float]] = {name: [] for name in ways}
    for n in range(n_rounds):
        for name in list(ways)[:: -1 if n % 2 else 1]:
            gc.collect()
            start_s = clock()
            ways[name]()
            times[name].append(clock() - start_s)
    return times


def median_ratio(times: Times, one: str, other: str) -> float:
    """Return the median of the ratios within the rounds."""
    return statistics.median(a / b for a, b in zip(times[one], times[other], strict=True))
