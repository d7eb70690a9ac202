"""How large the benchmarks are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Sizes and rounds, full and quick."""

    distinct: int
    decoded: int
    served: int
    delays_ms: tuple[int, ...]
    workers: tuple[int, ...]
    peaks: tuple[int, ...]
    growth: tuple[int, ...]
    labelled: int
    rounds: int
    imports: int
    clusters: tuple[int, ...]
    repeats: int


FULL = Scale(
    distinct=4_000,
    decoded=100_000,
    served=20_000,
    delays_ms=(0, 20, 100),
    workers=(1, 4, 8, 16),
    peaks=(100_000, 300_000),
    growth=(1_000, 3_000, 10_000, 30_000, 100_000, 300_000),
    labelled=1_000_000,
    rounds=3,
    imports=15,
    clusters=(1, 2, 4),
    repeats=300,
)
QUICK = Scale(
    distinct=300,
    decoded=600,
    served=1_200,
    delays_ms=(0, 20),
    workers=(1, 4),
    peaks=(1_500,),
    growth=(1_000, 1_500),
    labelled=1_000,
    rounds=1,
    imports=1,
    clusters=(1,),
    repeats=3,
)
