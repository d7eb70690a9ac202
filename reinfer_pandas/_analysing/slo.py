"""How much was answered within a limit, over time, and when it wasn't."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from reinfer_pandas._latency import pool, times_ms
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    from datetime import timedelta

    from reinfer_pandas._latency import Sources

LISTED = 5
"""How many of the worst intervals the sentence lists."""


def latency_slo(
    x: Sources,
    *,
    within: str | timedelta = "2s",
    target: float = 0.99,
    every: str | timedelta = "1min",
) -> pd.DataFrame:
    """Tell how much was answered within a limit, over time, and which intervals broke the target.

    A sample is an attempt, as in `latency`; one that failed isn't within any limit. A request of
    `probe` counts from when it was due.

    Parameters
    ----------
    x : DataFrame, Client, or iterable of them
        As for `latency`.
    within : str or timedelta
        The limit, inclusive: ``"2s"``, ``"500ms"``.
    target : float
        The share that should be within it, above 0, at most 1.
    every : str or timedelta
        Length of an interval: ``"1min"``, ``"1h"``. They begin at whole multiples, UTC.

    Returns
    -------
    DataFrame, shape (intervals, 5)
        Indexed by ``began_at``, in the order of time, without intervals that had no attempt: ``n``,
        ``n_within``, ``share``, ``slowest_ms``, ``is_broken`` (its share is below the target).
        ``attrs["verdict"]`` says it in words, with the worst intervals.

    Raises
    ------
    ConfigurationError
        Where a frame carries no request log, or for a limit, interval or target that can't be.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> with rp.sandbox(comments=50) as client:
    ...     df = client.read("datasets")
    >>> rp.latency_slo(df, within="1min").attrs["verdict"]
    '100.0 % of 1 attempt within 1 min; no interval of 1 min broke 99 %'
    """
    limit, length = positive(within, "within"), positive(every, "every")
    if isinstance(target, bool) or not isinstance(target, int | float) or not 0 < target <= 1:
        raise ConfigurationError(f"target={target!r}: give a share above 0, at most 1.")
    attempts = pool(x)
    total_ms = times_ms(attempts)["total"]
    limit_ms = limit / pd.Timedelta(milliseconds=1)
    samples = pd.DataFrame(
        {
            "began_at": attempts["started_at"].dt.floor(length),
            "is_within": (total_ms <= limit_ms) & attempts["outcome"].eq("ok").to_numpy(bool),
            "total_ms": total_ms,
        }
    )
    found = samples.groupby("began_at").agg(
        n=("is_within", "size"), n_within=("is_within", "sum"), slowest_ms=("total_ms", "max")
    )
    found.insert(2, "share", found["n_within"] / found["n"])
    found["is_broken"] = found["share"] < target
    found.attrs["verdict"] = _verdict(found, _words(limit), _words(length), target)
    return found


def positive(value: str | timedelta, name: str) -> pd.Timedelta:
    """Return a duration above 0.

    Raises
    ------
    ConfigurationError
        It is no duration, or none above 0.
    """
    zero = pd.Timedelta(0)
    try:
        found = zero if isinstance(value, int | float) else pd.Timedelta(value)
    except ValueError:
        found = zero
    if not found > zero:  # missing is no duration either
        raise ConfigurationError(
            f"{name}={value!r}: give a duration above 0 with its unit, such as '500ms' or '2s'."
        )
    return found


def _verdict(found: pd.DataFrame, limit: str, length: str, target: float) -> str:
    n = int(found["n"].sum())
    if not n:
        return "no requests"
    share = found["n_within"].sum() / n
    # What is rounded must not hide a failure: 99.96 % is no 100 %.
    percent = np.floor(1000 * share + 1e-9) / 10
    told = f"{percent:.1f} % of {n:,} attempt{'s' * (n != 1)} within {limit}"
    broken = found[found["is_broken"]].sort_values(["share", "n"], ascending=[True, False])
    goal = f"{100 * target:g} %"
    if broken.empty:
        return f"{told}; no interval of {length} broke {goal}"
    format_ = "%Y-%m-%d %H:%M:%S" if found.index[0].date() != found.index[-1].date() else "%H:%M:%S"
    worst = [
        f"{at:{format_}} ({100 * row:.0f} %)" for at, row in broken["share"].head(LISTED).items()
    ]
    more = f" and {len(broken) - LISTED:,} more" if len(broken) > LISTED else ""
    told += f"; {len(broken):,} of {len(found):,} intervals of {length} broke {goal}: "
    return told + ", ".join(worst) + more


def _words(duration: pd.Timedelta) -> str:
    """Write a duration in the largest unit that holds it whole."""
    units = {"d": "1D", "h": "1h", "min": "1min", "s": "1s", "ms": "1ms"}
    for unit, one in units.items():
        count = duration / pd.Timedelta(one)
        if count >= 1 and count == int(count):
            return f"{count:,.0f} {unit}"
    return f"{duration / pd.Timedelta('1s'):g} s"
